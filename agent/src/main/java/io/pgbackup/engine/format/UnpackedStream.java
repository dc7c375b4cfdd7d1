package io.pgbackup.engine.format;

import io.pgbackup.crypto.BulkInputStream;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.UnopenedObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Decides at the first read, by the object's first bytes, whether it is encrypted: an archive may
/// have been begun plain and continued encrypted, or the other way round.
final class UnpackedStream extends BulkInputStream {
  /// Enough for the beginning of every codec, and for the keys that an OpenPGP message names.
  private static final int LEAST_HEAD = 4096;

  private final InputStream source;
  private final Packing packing;
  private final String name;
  private final Supplier<Optional<String>> writtenWith;
  private @Nullable InputStream content;

  UnpackedStream(
      InputStream source, Packing packing, String name, Supplier<Optional<String>> writtenWith) {
    this.source = source;
    this.packing = packing;
    this.name = name;
    this.writtenWith = writtenWith;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (content == null) {
      content = open();
    }
    return content.read(bytes, offset, length);
  }

  private InputStream open() throws IOException {
    ObjectCipher cipher = packing.cipher();
    Codec codec = packing.codec();
    byte[] head = source.readNBytes(Math.max(LEAST_HEAD, cipher.headLength()));
    InputStream whole = new SequenceInputStream(new ByteArrayInputStream(head), source);
    if (cipher.recognises(Arrays.copyOf(head, Math.min(head.length, cipher.headLength())))) {
      return codec.decompressing(cipher.decrypting(whole, name), name);
    }
    if (Beginnings.exclude(codec, name, head)) {
      throw UnopenedObject.of(name, head, writtenWith.get(), cipher.fingerprints());
    }
    if (hasKeys(cipher)) {
      requireNoKey(head);
    }
    return codec.decompressing(whole, name);
  }

  /// Whoever has no key reads plain archives, and asks no store about each of their objects.
  private static boolean hasKeys(ObjectCipher cipher) {
    return cipher.fingerprint().isPresent() || !cipher.fingerprints().isEmpty();
  }

  /// Otherwise whoever can write to the store could put a plain object in an encrypted one's place.
  private void requireNoKey(byte[] head) {
    Optional<String> key = writtenWith.get();
    if (key.isPresent()) {
      throw switch (packing.codec()) {
        case LZ4, ZSTD, LZMA, GZIP -> UnopenedObject.plain(name, key.get());
        case BROTLI, NONE -> UnopenedObject.of(name, head, key, packing.cipher().fingerprints());
      };
    }
  }

  @Override
  public void close() throws IOException {
    try (source) {
      if (content != null) {
        content.close();
      }
    }
  }
}
