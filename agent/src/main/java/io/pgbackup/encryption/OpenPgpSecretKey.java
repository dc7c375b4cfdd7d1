package io.pgbackup.encryption;

import io.pgbackup.crypto.OpenPgpHead;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPKeyPair;
import org.bouncycastle.openpgp.api.OpenPGPKey;
import org.bouncycastle.openpgp.api.OpenPGPKey.OpenPGPSecretKey;

/// A secret key and its subkeys, unlocked.
///
/// @param keys by key id
record OpenPgpSecretKey(String fingerprint, Map<Long, PGPKeyPair> keys) implements RingKey {
  private static final String HIDDEN = "0000000000000000";

  /// @throws IllegalArgumentException where it is locked and the passphrase does not open it
  static OpenPgpSecretKey unlock(OpenPGPKey key, Optional<char[]> passphrase) {
    var keys = new HashMap<Long, PGPKeyPair>();
    for (OpenPGPSecretKey secret : key.getSecretKeys().values()) {
      if (secret.getPGPSecretKey().isPrivateKeyEmpty()
          || !secret.getPGPPublicKey().isEncryptionKey()) {
        continue;
      }
      keys.put(secret.getPGPPublicKey().getKeyID(), unlock(secret, passphrase));
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("holds no secret key that can decrypt");
    }
    return new OpenPgpSecretKey(
        OpenPgpRecipients.PREFIX + OpenPgpRecipients.fingerprint(key), Map.copyOf(keys));
  }

  private static PGPKeyPair unlock(OpenPGPSecretKey secret, Optional<char[]> passphrase) {
    if (secret.isLocked() && passphrase.isEmpty()) {
      throw new IllegalArgumentException(
          "is locked with a passphrase; name its file with passphraseFile");
    }
    try {
      return (secret.isLocked() ? secret.unlock(passphrase.get()) : secret.unlock()).getKeyPair();
    } catch (PGPException e) {
      throw new IllegalArgumentException("is not opened by the passphrase in passphraseFile", e);
    }
  }

  @Override
  public boolean opens(byte[] head) {
    return OpenPgpHead.recipients(head).stream()
        .anyMatch(id -> id.equals(HIDDEN) || keys.containsKey(Long.parseUnsignedLong(id, 16)));
  }

  @Override
  public RingKey or(RingKey other) {
    if (!(other instanceof OpenPgpSecretKey secret)) {
      return this;
    }
    var all = new HashMap<>(keys);
    secret.keys.forEach(all::putIfAbsent);
    return new OpenPgpSecretKey(fingerprint, Map.copyOf(all));
  }

  @Override
  public InputStream decrypting(InputStream source, String name) {
    return new OpenPgpInput(source, keys, name);
  }

  @Override
  public String toString() {
    return fingerprint;
  }
}
