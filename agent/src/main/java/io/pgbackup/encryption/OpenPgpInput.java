package io.pgbackup.encryption;

import io.pgbackup.crypto.BulkInputStream;
import io.pgbackup.crypto.WatchedSource;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.openpgp.PGPCompressedData;
import org.bouncycastle.openpgp.PGPEncryptedData;
import org.bouncycastle.openpgp.PGPEncryptedDataList;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.PGPLiteralData;
import org.bouncycastle.openpgp.PGPPublicKeyEncryptedData;
import org.bouncycastle.openpgp.bc.BcPGPObjectFactory;
import org.bouncycastle.openpgp.operator.bc.BcPublicKeyDataDecryptorFactory;
import org.jspecify.annotations.Nullable;

/// Decrypts a message. The modification detection code stands at its end: what was read counts only
/// when the end was reached, which every reader of a packed object waits for.
final class OpenPgpInput extends BulkInputStream {
  private final WatchedSource source;
  private final Map<Long, PGPKeyPair> keys;
  private final String name;
  private @Nullable PGPEncryptedData encrypted;
  private @Nullable InputStream literal;
  private boolean ended;

  OpenPgpInput(InputStream source, Map<Long, PGPKeyPair> keys, String name) {
    this.source = new WatchedSource(source);
    this.keys = keys;
    this.name = name;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    if (length == 0) {
      return 0;
    }
    if (ended) {
      return -1;
    }
    try {
      if (literal == null) {
        literal = open();
      }
      int count = literal.read(bytes, offset, length);
      if (count < 0) {
        requireEnd();
        ended = true;
      }
      return count;
    } catch (IOException | PGPException | RuntimeException e) {
      source.rethrowFailure();
      throw Damage.of(name, String.valueOf(e.getMessage()), e);
    }
  }

  private InputStream open() throws IOException, PGPException {
    Object first = new BcPGPObjectFactory(source).nextObject();
    if (!(first instanceof PGPEncryptedDataList list)) {
      throw new IOException("it is no encrypted message");
    }
    PGPException failure = new PGPException("no key fits");
    for (PGPEncryptedData data : list) {
      if (data instanceof PGPPublicKeyEncryptedData session) {
        for (PGPKeyPair key : candidates(session)) {
          try {
            InputStream plaintext = session.getDataStream(new BcPublicKeyDataDecryptorFactory(key));
            encrypted = session;
            return content(plaintext);
          } catch (PGPException | RuntimeException e) {
            // not only the library's own exception says that it is another key's
            source.rethrowFailure();
            failure = new PGPException("no key fits: " + e.getMessage(), e);
          }
        }
      }
    }
    throw failure;
  }

  private Iterable<PGPKeyPair> candidates(PGPPublicKeyEncryptedData session) {
    PGPKeyPair key = keys.get(session.getKeyIdentifier().getKeyId());
    if (key != null) {
      return List.of(key);
    }
    return session.getKeyIdentifier().getKeyId() == 0 ? keys.values() : List.of();
  }

  private static InputStream content(InputStream plaintext) throws IOException, PGPException {
    Object object = new BcPGPObjectFactory(plaintext).nextObject();
    if (object instanceof PGPCompressedData compressed) {
      object = new BcPGPObjectFactory(compressed.getDataStream()).nextObject();
    }
    if (!(object instanceof PGPLiteralData data)) {
      throw new IOException("the message holds no data");
    }
    return data.getInputStream();
  }

  private void requireEnd() throws IOException, PGPException {
    PGPEncryptedData data = Objects.requireNonNull(encrypted);
    if (!data.isIntegrityProtected()) {
      throw new IOException("nothing protects it from being changed");
    }
    if (!data.isAEAD() && !data.verify()) {
      throw new IOException("its modification detection code is wrong");
    }
    if (source.read() >= 0) {
      throw new IOException("something follows the message");
    }
  }

  @Override
  public void close() throws IOException {
    source.close();
  }
}
