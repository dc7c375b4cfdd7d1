package io.pgbackup.restore;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.jdbc.RolePasswords;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Gives the roles of a recovered server their passwords of today, before anybody needs them: a
/// server that comes back with those of another day keeps its users out. Can be repeated.
///
/// @param sockets of the server, where every role is trusted in one database and asked in another
record RoleReconciliation(
    Passwords passwords, Path sockets, Path dataDirectory, RestoreListener listener) {
  private static final int PORT = 5432;
  private static final String TRUSTING = "postgres";

  /// @throws PgBackupException that names every role that cannot log in as it should
  void carryOut() {
    List<String> faults = new ArrayList<>();
    passwords
        .superuser()
        .filter(_ -> !passwords.ofRoles().isEmpty())
        .ifPresent(
            superuser ->
                RolePasswords.faults(as(superuser, TRUSTING), passwords.roles())
                    .forEach((role, fault) -> faults.add(words(role, fault))));
    if (!faults.isEmpty()) {
      throw Problem.refused(
              String.join("; ", faults),
              "No password was set and nothing is in place yet. Leave such a role out and give the"
                  + " command again, which goes on from here; make the role and its password"
                  + " yourself when the server runs.")
          .asException();
    }
    passwords.ofRoles().forEach(this::reconcile);
  }

  private static String words(String role, RolePasswords.Fault fault) {
    return switch (fault) {
      case MISSING ->
          "there is no role %s in the restored data: it was made after their instant, or has another name"
              .formatted(role);
      case NO_LOGIN -> "role %s may not log in (NOLOGIN) in the restored data".formatted(role);
      case EXPIRED ->
          "the password of role %s counts no more (VALID UNTIL) in the restored data"
              .formatted(role);
    };
  }

  private void reconcile(RolePassword password) {
    String role = password.role();
    RolePasswords.set(as(passwords.superuser().orElse(role), TRUSTING), role, password.file());
    RolePasswords.prove(as(role, RecoverySettings.ASKING), password.file());
    listener.note("role %s has its password of today, proved by a login".formatted(role));
  }

  private PostgresConfig as(String role, String database) {
    return new PostgresConfig(
        sockets.toString(), PORT, role, database, Optional.empty(), ServerTls.OFF, dataDirectory);
  }
}
