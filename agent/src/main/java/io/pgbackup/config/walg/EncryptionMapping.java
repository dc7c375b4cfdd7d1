package io.pgbackup.config.walg;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How objects are encrypted. WAL-G takes OpenPGP before a key service before libsodium.
record EncryptionMapping(WalgNames names, Mapping mapping) {
  private static final List<String> KEY_SERVICES =
      List.of(
          "WALG_ENVELOPE_PGP_KEY",
          "WALG_ENVELOPE_PGP_KEY_PATH",
          "WALG_CSE_KMS_ID",
          "YC_CSE_KMS_KEY_ID",
          "WALG_YC_CSE_KMS_KEY_ID");
  private static final List<String> KEY_RINGS =
      List.of("WALG_GPG_KEY_ID", "WALE_GPG_KEY_ID", "GPG_KEY_ID");

  void map() {
    for (String keyRing : KEY_RINGS) {
      if (names.general(keyRing).isPresent()) {
        throw Mapping.refused(
            keyRing,
            "keys are not taken out of a GnuPG key ring",
            "Export the key into a file and name it with WALG_PGP_KEY_PATH.");
      }
    }
    for (String service : KEY_SERVICES) {
      if (names.general(service).isPresent()) {
        throw Mapping.refused(
            service,
            "archives whose keys a key service keeps cannot be read",
            "Restore with wal-g, and protect the restored server with a key of your own.");
      }
    }
    if (!openPgp()) {
      libsodium();
    }
  }

  private boolean openPgp() {
    Optional<String> key = names.general("WALG_PGP_KEY");
    Optional<String> path = names.general("WALG_PGP_KEY_PATH");
    Optional<String> passphrase = names.general("WALG_PGP_KEY_PASSPHRASE");
    if (key.isEmpty() && path.isEmpty()) {
      return false;
    }
    mapping.set("PGBACKUP_ENCRYPTION_METHOD", "openpgp");
    boolean secret =
        key.or(() -> path.flatMap(EncryptionMapping::content))
            .map(EncryptionMapping::opens)
            .orElse(true);
    String variable =
        secret ? "PGBACKUP_ENCRYPTION_SECRET_KEY_FILE" : "PGBACKUP_ENCRYPTION_PUBLIC_KEY_FILE";
    key.ifPresentOrElse(
        armoured -> mapping.setSecret(variable, armoured.replace("\\n", "\n")),
        () -> mapping.set(variable, path.orElseThrow()));
    if (secret) {
      passphrase.ifPresent(text -> mapping.setSecret("PGBACKUP_ENCRYPTION_PASSPHRASE_FILE", text));
    }
    return true;
  }

  /// A server that only writes may have the public key alone.
  private static boolean opens(String armoured) {
    return !armoured.contains("PUBLIC KEY BLOCK");
  }

  /// Whoever opens the archive says what is wrong with a file that cannot be read.
  private static Optional<String> content(String path) {
    try {
      return Optional.of(Files.readString(Path.of(path)));
    } catch (IOException | InvalidPathException _) {
      return Optional.empty();
    }
  }

  private void libsodium() {
    Optional<String> key = names.general("WALG_LIBSODIUM_KEY");
    Optional<String> path = names.general("WALG_LIBSODIUM_KEY_PATH");
    Optional<String> transform = names.general("WALG_LIBSODIUM_KEY_TRANSFORM");
    if (key.isEmpty() && path.isEmpty()) {
      return;
    }
    mapping.set("PGBACKUP_ENCRYPTION_METHOD", "libsodium");
    key.ifPresentOrElse(
        text -> mapping.setSecret("PGBACKUP_ENCRYPTION_KEY_FILE", text),
        () -> mapping.set("PGBACKUP_ENCRYPTION_KEY_FILE", path.orElseThrow()));
    mapping.set("PGBACKUP_ENCRYPTION_KEY_TRANSFORM", transform.orElse("none"));
  }
}
