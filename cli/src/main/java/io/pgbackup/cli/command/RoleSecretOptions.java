package io.pgbackup.cli.command;

import io.pgbackup.kubernetes.restore.RoleSecret;
import io.pgbackup.problem.Problem;
import java.util.List;
import picocli.CommandLine.Option;

/// The Secrets of a StatefulSet's roles.
final class RoleSecretOptions {
  @Option(
      names = "--role-secret",
      paramLabel = "[ROLE=]SECRET[/KEY]",
      description =
          "With --statefulset: a role gets the password of this Secret, proved by a login, beside the"
              + " superuser; once for each. Its keys are username and password if nothing else is"
              + " said.")
  private List<String> secrets = List.of();

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if one is not understood
  List<RoleSecret> roles() {
    return secrets.stream().map(RoleSecret::parse).toList();
  }

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if any is named
  void refuse() {
    if (!secrets.isEmpty()) {
      throw Problem.misconfigured(
              "--role-secret is for the roles of a StatefulSet",
              "Leave it out, or restore with --statefulset; in a directory set passwords with ALTER"
                  + " ROLE when the server runs.")
          .asException();
    }
  }
}
