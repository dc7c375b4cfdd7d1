package io.pgbackup.cli.command;

import io.pgbackup.problem.Problem;
import io.pgbackup.restore.RolePassword;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/// The files with passwords in a pod, which are keys of a Secret. Kubernetes leaves out what is
/// missing, so that the pod can say it.
final class PasswordsOfSecret {
  private PasswordsOfSecret() {}

  /// @param secret `NAMESPACE/SECRET/KEY`, where they come from one
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if a file is missing
  static void check(List<RolePassword> passwords, Optional<String> secret) {
    passwords.stream()
        .filter(password -> !Files.exists(password.file()))
        .findFirst()
        .ifPresent(password -> secret.ifPresent(name -> refuse(password.role(), name)));
  }

  private static void refuse(String role, String secret) {
    String[] parts = secret.split("/", 3);
    throw Problem.refused(
            "there is no password for %s: the Secret %s/%s does not exist, or has no key %s"
                .formatted(role, parts[0], parts[1], parts[2]),
            """
            Make it: kubectl create secret generic %2$s -n %1$s --from-literal=%3$s=... Or bind the \
            Role pgbackup-restore-secret of 'pgbackup k8s rbac -n %1$s': with its right 'create \
            secrets' a restore makes a missing Secret anew. One that exists is never changed: add \
            the key yourself, kubectl edit secret %2$s -n %1$s. Then give the same command again."""
                .formatted(parts[0], parts[1], parts[2]))
        .asException();
  }
}
