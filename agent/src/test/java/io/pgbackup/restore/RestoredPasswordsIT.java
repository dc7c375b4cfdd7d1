package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.postgres.jdbc.SqlSession;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.PrivateFile;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is restored has the passwords of its time, and whoever uses it those of today.
class RestoredPasswordsIT {
  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final List<String> notes = new ArrayList<>();
  private Instant instant = Instant.EPOCH;

  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  private RestoreListener dyingAt(Optional<RestoreStep> last) {
    return new RestoreListener() {
      @Override
      public void begun(RestoreStep step) {
        if (last.filter(step::equals).isPresent()) {
          throw new Killed();
        }
      }

      @Override
      public void note(String message) {
        notes.add(message);
      }
    };
  }

  private ProtectedServer serverWithRoles() {
    ProtectedServer server =
        new ProtectedServer(PostgresRelease.NEWEST, new MemoryObjectStore(), folder);
    server.postgres.sql("create database shop");
    server.postgres.sql(
        """
        create role app login password 'of then';
        create role "Its Reader" login password 'of then' connection limit 0;
        create role owner;
        create role leaver login password 'of then' valid until '2020-01-01';
        revoke connect on database postgres, template1 from public;
        alter role app set default_transaction_read_only = on;
        alter database postgres set default_transaction_read_only = on""");
    server.backUp();
    instant = server.now();
    server.postgres.sql(
        """
        set transaction read write;
        alter database postgres reset default_transaction_read_only;
        create role newcomer login password 'x'""");
    server.archiveEverything();
    return server;
  }

  private Passwords today(String... roles) {
    List<RolePassword> all = new ArrayList<>();
    for (String role : roles) {
      all.add(new RolePassword(role, PrivateFile.write(folder.resolve(role), "of today: " + role)));
    }
    return new Passwords(Optional.of("postgres"), all);
  }

  private void restore(
      ProtectedServer server,
      RestorePlan plan,
      Path target,
      Passwords passwords,
      RestoreListener to) {
    server
        .bench()
        .runner()
        .run(plan, new RestoreDestination.NewDirectory(target, Optional.empty()), passwords, to);
  }

  /// Where a password is asked for.
  private static void logIn(TestPostgres server, String role, Path password) {
    SqlSession.connect(
            new PostgresConfig(
                "127.0.0.1",
                server.port(),
                role,
                "shop",
                Optional.of(password),
                ServerTls.OFF,
                server.dataDirectory()))
        .close();
  }

  @Test
  void rolesOfEveryKindGetTheirsAndTheOthersAreNamed() throws IOException {
    Path target = folder.resolve("restored");
    try (ProtectedServer server = serverWithRoles()) {
      RestorePlan plan = server.plan(server.uid(), instant);

      assertThatThrownBy(
              () ->
                  restore(
                      server,
                      plan,
                      target,
                      today("postgres", "app", "owner", "leaver", "newcomer"),
                      RestoreListener.SILENT))
          .isInstanceOfSatisfying(
              PgBackupException.class,
              failure -> {
                assertThat(failure.problem()).isInstanceOf(Problem.Refused.class);
                assertThat(failure)
                    .hasMessageContaining("there is no role newcomer in the restored data")
                    .hasMessageContaining("role owner may not log in (NOLOGIN)")
                    .hasMessageContaining("the password of role leaver counts no more")
                    .hasMessageNotContaining("role app");
                assertThat(failure.problem().hint().orElseThrow())
                    .contains("Leave such a role out");
              });
      assertThat(target).doesNotExist();

      restore(
          server, plan, target, today("postgres", "app", "Its Reader"), dyingAt(Optional.empty()));
    }
    assertThat(notes)
        .containsExactly(
            "role postgres has its password of today, proved by a login",
            "role app has its password of today, proved by a login",
            "role Its Reader has its password of today, proved by a login");
    Files.writeString(
        target.resolve("pg_hba.conf"),
        "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
    try (TestPostgres restored = TestPostgres.over(PostgresRelease.NEWEST, target, Map.of())) {
      restored.start();
      logIn(restored, "app", folder.resolve("app"));
      assertThatThrownBy(
              () -> logIn(restored, "app", PrivateFile.write(folder.resolve("old"), "of then")))
          .hasMessageContaining("password authentication failed");
    }
  }

  /// They are set while it recovers: what was recovered without one is not put in place with nobody
  /// saying it.
  @Test
  void aRoleThatIsAskedForAfterTheRecoveryGetsItsPasswordToo() {
    Path target = folder.resolve("restored");
    try (ProtectedServer server = serverWithRoles()) {
      RestorePlan plan = server.plan(server.uid(), instant);
      assertThatThrownBy(
              () ->
                  restore(
                      server,
                      plan,
                      target,
                      today("postgres"),
                      dyingAt(Optional.of(RestoreStep.PLACE))))
          .isInstanceOf(Killed.class);

      restore(server, plan, target, today("postgres", "app"), dyingAt(Optional.empty()));
    }
    assertThat(notes).endsWith("role app has its password of today, proved by a login");
    assertThat(target).isDirectory();
  }
}
