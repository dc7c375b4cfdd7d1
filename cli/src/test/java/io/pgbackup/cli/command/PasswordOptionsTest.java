package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.Passwords;
import io.pgbackup.restore.RolePassword;
import io.pgbackup.testing.PrivateFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class PasswordOptionsTest {
  private static final String SUPERUSERS = "/etc/pgbackup-passwords/shop/orders-superuser/pw";

  @TempDir private Path folder;

  private static Passwords read(String... options) {
    return CommandLine.populateCommand(new PasswordOptions(), options).read();
  }

  private Path file(String name, String content) {
    return PrivateFile.write(folder.resolve(name), content);
  }

  @Test
  void theRoleIsNamedByTheOptionOrByAFile() {
    Path admins = file("admins", "of today");
    Path name = file("username", "app=owner\n");
    Path password = file("password", "of the application");

    assertThat(
            read(
                "--password",
                "admin=" + admins,
                "--role-files",
                name + "=" + password,
                "--superuser",
                "admin"))
        .isEqualTo(
            new Passwords(
                Optional.of("admin"),
                List.of(
                    new RolePassword("admin", admins), new RolePassword("app=owner", password))));
    assertThat(read()).isEqualTo(Passwords.NONE);
  }

  @Test
  void aMissingSecretOfTheSuperuserIsNamedWithTheRightAndTheNextStep() {
    assertThatThrownBy(
            () -> read("--password", "postgres=" + SUPERUSERS, "--superuser", "postgres"))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure)
                  .hasMessage(
                      "there is no password for postgres: the Secret shop/orders-superuser does not"
                          + " exist, or has no key pw");
              assertThat(failure.problem().hint().orElseThrow())
                  .contains("right 'create secrets'", "pgbackup-restore-secret")
                  .contains("kubectl create secret generic orders-superuser -n shop")
                  .doesNotContain("\n");
            });
  }

  @Test
  void aMissingSecretOfAnotherRoleIsNamedAndNeverMade() {
    String secret = "/etc/pgbackup-passwords/shop/orders-app/";

    assertRefused(
        "there is no password for a role: the Secret shop/orders-app does not exist, or has no key"
            + " username",
        "kubectl create secret generic orders-app -n shop --from-literal=username=",
        "--role-files",
        secret + "username=" + secret + "password");
    assertRefused(
        "there is no password for app: the Secret shop/orders-app does not exist, or has no key pw",
        "Or leave it out.",
        "--password",
        "app=" + secret + "pw",
        "--superuser",
        "postgres");
  }

  @Test
  void anEmptyPasswordIsRefusedThoughTheServerWouldTakeIt() {
    Path empty = file("empty", "\n");

    assertRefused(
        "there is no password for app: %s is empty".formatted(empty),
        "Nobody can log in",
        "--password",
        "app=" + empty);
  }

  @Test
  void twoPasswordsForOneRoleAreRefusedByTheirNames() {
    Path one = file("one", "1");
    Path other = file("other", "2");
    Path name = file("username", "app");

    assertRefused(
        "role app would get more than one password, from %s and %s".formatted(one, other),
        "Leave all but one",
        "--password",
        "app=" + one,
        "--role-files",
        name + "=" + other);
  }

  @Test
  void whatIsNotUnderstoodIsNotRepeated() {
    assertThatThrownBy(() -> read("--role-files", "hunter2"))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure.problem()).isInstanceOf(Problem.Misconfigured.class);
              assertThat(failure).hasMessageNotContaining("hunter2");
            });
  }

  private static void assertRefused(String message, String hint, String... options) {
    assertThatThrownBy(() -> read(options))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure).hasMessage(message);
              assertThat(failure.problem()).isInstanceOf(Problem.Refused.class);
              assertThat(failure.problem().hint().orElseThrow()).contains(hint);
            });
  }
}
