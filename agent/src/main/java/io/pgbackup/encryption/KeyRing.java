package io.pgbackup.encryption;

import io.pgbackup.crypto.Marks;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.UnopenedObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Encrypts with one key and reads with several.
///
/// @param writing empty: objects are written plain
/// @param reading tried in this order
record KeyRing(Optional<WritingKey> writing, List<RingKey> reading) implements ObjectCipher {
  /// A whole first chunk of libsodium's.
  private static final int HEAD = Secretstream.HEADER + Secretstream.CHUNK + Secretstream.OVERHEAD;

  @Override
  public OutputStream encrypting(OutputStream sink) throws IOException {
    return writing.isPresent() ? writing.get().encrypting(sink) : sink;
  }

  @Override
  public InputStream decrypting(InputStream source, String name) {
    return new DecryptedStream(
        source,
        () -> {
          byte[] head = source.readNBytes(HEAD);
          RingKey key =
              opener(head)
                  .orElseThrow(
                      () -> UnopenedObject.of(name, head, Optional.empty(), fingerprints()));
          return key.decrypting(
              new SequenceInputStream(new ByteArrayInputStream(head), source), name);
        });
  }

  private Optional<RingKey> opener(byte[] head) {
    // a message to somebody who is not named may be for any of them
    return reading.stream().filter(key -> key.opens(head)).reduce(RingKey::or);
  }

  @Override
  public boolean recognises(byte[] head) {
    return opener(head).isPresent();
  }

  @Override
  public int headLength() {
    return HEAD;
  }

  @Override
  public Optional<String> fingerprint() {
    return writing.map(WritingKey::fingerprint);
  }

  @Override
  public List<String> fingerprints() {
    return reading.stream().map(RingKey::fingerprint).toList();
  }

  @Override
  public boolean readsWhatItWrites() {
    return writing.map(key -> reading.stream().anyMatch(key::isReadWith)).orElse(true);
  }

  @Override
  public Map<String, String> mark(String sha256) {
    return writing.map(key -> key.mark(sha256)).orElseGet(() -> NONE.mark(sha256));
  }

  @Override
  public Optional<Boolean> isMarked(Map<String, String> metadata, String sha256) {
    String fingerprint = metadata.getOrDefault(Marks.KEY, "");
    if (fingerprint.startsWith(OpenPgpRecipients.PREFIX)) {
      return OpenPgpRecipients.isMarked(metadata, sha256);
    }
    return reading.stream()
        .filter(key -> key.fingerprint().equals(fingerprint))
        .flatMap(key -> key instanceof LibsodiumKey libsodium ? Stream.of(libsodium) : Stream.of())
        .findFirst()
        .flatMap(key -> key.isMarked(metadata, sha256))
        .or(() -> Marks.plain(metadata, sha256));
  }
}
