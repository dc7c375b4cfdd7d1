package io.pgbackup.cli.command;

import io.pgbackup.kubernetes.restore.PasswordFolder;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A file with a role's name or password. In a pod it is a key of a Secret, which its path names;
/// Kubernetes leaves out what is missing, so that the pod can say it.
///
/// @param key of a Secret, if it is one
record PasswordFile(Path path, Optional<PasswordFolder.Key> key) {
  static PasswordFile of(Path path) {
    return new PasswordFile(path, PasswordFolder.key(path));
  }

  /// @param whose it is, for messages
  /// @param superusers whether it is the superuser's, which a restore in place can make anew
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if there is nothing in it, or
  ///   `Misconfigured` if it cannot be read
  void require(String whose, boolean superusers) {
    if (key.isPresent() && !Files.exists(path)) {
      refuse(whose, key.get(), superusers);
    }
    if (SecretFile.line(path, "password file").isEmpty()) {
      throw Problem.refused(
              "there is no password for %s: %s is empty".formatted(whose, this),
              "Nobody can log in with an empty one. Put the password into it.")
          .asException();
    }
  }

  private static void refuse(String whose, PasswordFolder.Key missing, boolean superusers) {
    String namespace = missing.namespace();
    String secret = missing.secret();
    throw Problem.refused(
            "there is no password for %s: the Secret %s/%s does not exist, or has no key %s"
                .formatted(whose, namespace, secret, missing.key()),
            """
            Make it: kubectl create secret generic %2$s -n %1$s --from-literal=%3$s=... One that exists \
            is never changed: add the key yourself, kubectl edit secret %2$s -n %1$s. %4$s Then give the \
            same command again."""
                .formatted(
                    namespace,
                    secret,
                    missing.key(),
                    superusers
                        ? "Or, for a restore in place, bind the Role pgbackup-restore-secret of 'pgbackup k8s rbac -n %s': with its right 'create secrets' a missing Secret is made anew."
                            .formatted(namespace)
                        : "Or leave it out."))
        .asException();
  }

  @Override
  public String toString() {
    return key.map(
            it -> "the key %s of the Secret %s/%s".formatted(it.key(), it.namespace(), it.secret()))
        .orElseGet(path::toString);
  }
}
