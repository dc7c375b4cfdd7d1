package io.pgbackup.encryption;

import io.pgbackup.crypto.Marks;
import io.pgbackup.crypto.Sha256;
import java.io.IOException;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bouncycastle.bcpg.SymmetricKeyAlgorithmTags;
import org.bouncycastle.openpgp.PGPEncryptedDataGenerator;
import org.bouncycastle.openpgp.PGPException;
import org.bouncycastle.openpgp.PGPLiteralData;
import org.bouncycastle.openpgp.PGPLiteralDataGenerator;
import org.bouncycastle.openpgp.api.OpenPGPCertificate;
import org.bouncycastle.openpgp.api.OpenPGPCertificate.OpenPGPComponentKey;
import org.bouncycastle.openpgp.operator.bc.BcPGPDataEncryptorBuilder;
import org.bouncycastle.openpgp.operator.bc.BcPublicKeyKeyEncryptionMethodGenerator;

/// Public keys; every holder of one of their secret keys can read what is encrypted. Messages are
/// as WAL-G writes them: binary, AES-256 with a modification detection code, no signature, no
/// compression, no file name.
///
/// @param keys those of the certificates that may encrypt, at least one
record OpenPgpRecipients(String fingerprint, List<OpenPGPComponentKey> keys) implements WritingKey {
  static final String PREFIX = "openpgp:";
  private static final int BUFFER = 64 << 10;
  private static final int SALT = 16;

  /// @throws IllegalArgumentException where a certificate has no key that may encrypt now
  static OpenPgpRecipients of(List<? extends OpenPGPCertificate> certificates) {
    for (OpenPGPCertificate certificate : certificates) {
      if (certificate.getEncryptionKeys().isEmpty()) {
        throw new IllegalArgumentException(
            "holds %s, which has no key that may encrypt now: it is expired, revoked or only signs"
                .formatted(fingerprint(certificate)));
      }
    }
    return new OpenPgpRecipients(
        certificates.stream()
            .map(OpenPgpRecipients::fingerprint)
            .collect(Collectors.joining("+", PREFIX, "")),
        certificates.stream()
            .flatMap(certificate -> certificate.getEncryptionKeys().stream())
            .toList());
  }

  static String fingerprint(OpenPGPCertificate certificate) {
    return HexFormat.of().formatHex(certificate.getFingerprint()).toUpperCase(Locale.ROOT);
  }

  @Override
  public OutputStream encrypting(OutputStream sink) throws IOException {
    var generator =
        new PGPEncryptedDataGenerator(
            new BcPGPDataEncryptorBuilder(SymmetricKeyAlgorithmTags.AES_256)
                .setWithIntegrityPacket(true)
                .setSecureRandom(new SecureRandom()));
    keys.forEach(
        key ->
            generator.addMethod(
                new BcPublicKeyKeyEncryptionMethodGenerator(key.getPGPPublicKey())));
    try {
      OutputStream encrypted = generator.open(sink, new byte[BUFFER]);
      OutputStream literal =
          new PGPLiteralDataGenerator()
              .open(
                  encrypted, PGPLiteralData.BINARY, "", Date.from(Instant.EPOCH), new byte[BUFFER]);
      return new OpenPgpOutput(literal, encrypted, sink);
    } catch (PGPException e) {
      throw new IOException("OpenPGP cannot encrypt: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean isReadWith(RingKey key) {
    return key instanceof OpenPgpSecretKey secret
        && keys.stream()
            .anyMatch(
                recipient -> secret.keys().containsKey(recipient.getPGPPublicKey().getKeyID()));
  }

  @Override
  public Map<String, String> mark(String sha256) {
    byte[] salt = new byte[SALT];
    new SecureRandom().nextBytes(salt);
    return Marks.salted(fingerprint, salt, sha256, OpenPgpRecipients::digest);
  }

  /// As [io.pgbackup.crypto.ObjectCipher#isMarked], for marks of whichever public keys: these have
  /// no secret that could go into the digest.
  static Optional<Boolean> isMarked(Map<String, String> metadata, String sha256) {
    return Marks.isSalted(metadata, sha256, OpenPgpRecipients::digest);
  }

  private static byte[] digest(byte[] bytes) {
    return Sha256.digest().digest(bytes);
  }

  @Override
  public String toString() {
    return fingerprint;
  }
}
