package io.pgbackup.postgres.jdbc;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/// Reads the key of a certificate from PEM, in any of the three forms that OpenSSL, cert-manager
/// and CloudNativePG write. Java knows PKCS#8 alone; the older two are its inner part, and what
/// they do not say of the kind of key the certificate does.
///
/// @param file that the PEM is of, for messages
/// @param certificate the file of the certificate
/// @param publicKey the certificate's
record ClientKey(Path file, Path certificate, PublicKey publicKey) {
  private static final Pattern BLOCK =
      Pattern.compile(
          "-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final String UNENCRYPTED =
      "openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW makes a key of it that can be read.";

  /// @throws PgBackupException `Misconfigured` if it is not the certificate's key
  PrivateKey parse(byte[] pem) {
    Matcher block = BLOCK.matcher(new String(pem, US_ASCII));
    if (!block.find()) {
      throw fault(
              "is not a key in PEM",
              "It begins with -----BEGIN PRIVATE KEY-----, -----BEGIN RSA PRIVATE KEY----- or"
                  + " -----BEGIN EC PRIVATE KEY-----, and is whole.")
          .asException();
    }
    String kind = block.group(1);
    String body = block.group(2);
    if (kind.startsWith("ENCRYPTED ") || body.contains("ENCRYPTED")) {
      throw fault(
              "is encrypted",
              "pgbackup has no passphrase for it; rights on the file protect it instead. "
                  + UNENCRYPTED)
          .asException();
    }
    try {
      byte[] content = Base64.getDecoder().decode(body.replaceAll("\\s", ""));
      PrivateKey key =
          KeyFactory.getInstance(publicKey.getAlgorithm())
              .generatePrivate(
                  new PKCS8EncodedKeySpec(
                      switch (kind) {
                        case "PRIVATE KEY" -> content;
                        case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> wrapped(content);
                        default ->
                            throw fault("is a " + kind + ", which cannot be read", UNENCRYPTED)
                                .asException();
                      }));
      if (!fits(key)) {
        throw foreign().asException();
      }
      return key;
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      throw fault(
              "cannot be read as one of the kind %s, as the certificate %s has it"
                  .formatted(publicKey.getAlgorithm(), certificate),
              "Name the key that the certificate was made for as postgres.clientKeyFile, as it was"
                  + " written.")
          .causedBy(e);
    }
  }

  private byte[] wrapped(byte[] inner) throws IOException {
    return new PrivateKeyInfo(
            SubjectPublicKeyInfo.getInstance(publicKey.getEncoded()).getAlgorithm(), inner)
        .getEncoded();
  }

  /// A server would only say that the handshake failed.
  private boolean fits(PrivateKey key) throws GeneralSecurityException {
    if (key instanceof RSAKey ours && publicKey instanceof RSAKey theirs) {
      return ours.getModulus().equals(theirs.getModulus());
    }
    String algorithm = publicKey.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "EdDSA";
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    byte[] signature = signing.sign();
    Signature verifying = Signature.getInstance(algorithm);
    verifying.initVerify(publicKey);
    return verifying.verify(signature);
  }

  private Problem foreign() {
    return fault(
        "does not belong to the certificate " + certificate,
        "Name the key that the certificate was made for as postgres.clientKeyFile.");
  }

  private Problem fault(String fault, String hint) {
    return Problem.misconfigured(
        "the key of the client certificate %s %s".formatted(file, fault), hint);
  }
}
