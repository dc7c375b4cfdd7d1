package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.restore.RolePassword;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PasswordsOfSecretTest {
  private static final Optional<String> SECRET = Optional.of("shop/orders-superuser/password");

  @TempDir private Path folder;

  private List<RolePassword> passwords() {
    return List.of(new RolePassword("postgres", folder.resolve("password")));
  }

  @Test
  void whatTheSecretHasIsTaken() throws IOException {
    Files.writeString(folder.resolve("password"), "of today");

    assertThatNoException().isThrownBy(() -> PasswordsOfSecret.check(passwords(), SECRET));
  }

  @Test
  void aMissingOneIsNamedWithTheRightAndTheNextStep() {
    assertThatThrownBy(() -> PasswordsOfSecret.check(passwords(), SECRET))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            failure -> {
              assertThat(failure)
                  .hasMessage(
                      "there is no password for postgres: the Secret shop/orders-superuser does not"
                          + " exist, or has no key password");
              assertThat(failure.problem().hint())
                  .hasValueSatisfying(
                      hint ->
                          assertThat(hint)
                              .contains("right 'create secrets'")
                              .contains("pgbackup-restore-secret")
                              .contains("kubectl create secret generic orders-superuser -n shop")
                              .doesNotContain("\n"));
            });
  }
}
