package io.pgbackup.config;

import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
import io.pgbackup.config.PgBackupConfig.EncryptionMethod;
import io.pgbackup.config.PgBackupConfig.KeyTransform;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Reads `encryption`. A key beside a method that does not use it is a fault: whoever names a key
/// believes that something is encrypted with it.
final class EncryptionReader {
  private static final List<String> OF_LIBSODIUM = List.of("keyFile", "keyTransform");
  private static final List<String> OF_OPENPGP =
      List.of("publicKeyFile", "secretKeyFile", "passphraseFile");

  private EncryptionReader() {}

  static EncryptionConfig read(Section section) {
    section.refuseInline("key");
    section.refuseInline("secretKey");
    section.refuseInline("passphrase");
    EncryptionMethod method =
        section.withDefault("method", Values.oneOf(EncryptionMethod.class), EncryptionMethod.NONE);
    Optional<Path> keyFile = section.optional("keyFile", Values.SECRET_FILE);
    KeyTransform transform =
        section.withDefault("keyTransform", Values.oneOf(KeyTransform.class), KeyTransform.NONE);
    Optional<Path> publicKeyFile = section.optional("publicKeyFile", Values.ABSOLUTE_PATH);
    Optional<Path> secretKeyFile = section.optional("secretKeyFile", Values.SECRET_FILE);
    Optional<Path> passphraseFile = section.optional("passphraseFile", Values.SECRET_FILE);
    List<Path> previous = section.list("previousKeyFiles", Values.SECRET_FILE);
    switch (method) {
      case NONE -> {
        refuse(section, OF_LIBSODIUM, "libsodium", method);
        refuse(section, OF_OPENPGP, "openpgp", method);
      }
      case LIBSODIUM -> {
        refuse(section, OF_OPENPGP, "openpgp", method);
        if (!section.says("keyFile")) {
          section.fault("keyFile", "missing; method libsodium encrypts with it");
        }
      }
      case OPENPGP -> {
        refuse(section, OF_LIBSODIUM, "libsodium", method);
        if (!section.says("publicKeyFile") && !section.says("secretKeyFile")) {
          section.fault(
              "publicKeyFile",
              "missing; method openpgp encrypts for it, and reads with secretKeyFile");
        }
        if (section.says("passphraseFile") && !section.says("secretKeyFile")) {
          section.fault("secretKeyFile", "missing; passphraseFile unlocks it");
        }
      }
    }
    return new EncryptionConfig(
        method, keyFile, transform, publicKeyFile, secretKeyFile, passphraseFile, previous);
  }

  private static void refuse(
      Section section, List<String> keys, String belongsTo, EncryptionMethod method) {
    for (String key : keys) {
      // what keyTransform says also holds for previousKeyFiles
      if (section.says(key) && !(key.equals("keyTransform") && section.says("previousKeyFiles"))) {
        section.fault(
            key,
            "belongs to method %s, but the method is %s"
                .formatted(belongsTo, method.name().toLowerCase(Locale.ROOT)));
      }
    }
  }
}
