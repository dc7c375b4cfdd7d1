package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.pgbackup.problem.PgBackupException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoleSecretTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      textBlock =
          """
          orders-app           | -     | orders-app       | password
          orders-app/pw        | -     | orders-app       | pw
          app=orders-app       | app   | orders-app       | password
          app=orders-all/app_1 | app   | orders-all       | app_1
          a=b/c=orders-app     | a=b/c | orders-app       | password
          app.orders.credentials.postgresql.acid.zalan.do | - | app.orders.credentials.postgresql.acid.zalan.do | password
          """,
      delimiter = '|')
  void namesTheRoleTheSecretAndTheKey(
      String text, @org.jspecify.annotations.Nullable String role, String secret, String key) {
    RoleSecret parsed = RoleSecret.parse(text);

    assertThat(parsed).isEqualTo(new RoleSecret(Optional.ofNullable(role), secret, key));
    assertThat(parsed).hasToString(text).isEqualTo(RoleSecret.parse(parsed.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Hunter2!", "app=", "=secret", "app=secret/", "app=/key", "a/b/c"})
  void whatIsNotUnderstoodIsNotRepeated(String text) {
    assertThatThrownBy(() -> RoleSecret.parse(text))
        .isInstanceOf(PgBackupException.class)
        .hasMessage("--role-secret does not name a Secret");
  }

  /// One Secret may hold the passwords of several roles, the superuser's among them.
  @Test
  void eachSecretIsMountedOnceAndItsPathSaysWhichItIs() {
    PasswordSecrets passwords =
        new PasswordSecrets(
            "shop",
            "admin",
            Optional.of(
                new SuperuserSecret(new StatefulSetName("shop", "orders"), "all", "pw", List.of())),
            List.of(RoleSecret.parse("app=all/app"), RoleSecret.parse("reader")));

    assertThat(passwords.volumes())
        .extracting(volume -> volume.getSecret().getSecretName())
        .containsExactly("all", "reader");
    assertThat(passwords.volumes())
        .allSatisfy(
            volume -> assertThat(volume.getSecret().getOptional()).as(volume.getName()).isTrue());
    assertThat(keys(passwords.volumes().getFirst())).containsExactly("pw", "app");
    assertThat(keys(passwords.volumes().getLast())).containsExactly("username", "password");
    assertThat(passwords.mounts())
        .extracting(VolumeMount::getMountPath)
        .containsExactly("/etc/pgbackup-passwords/shop/all", "/etc/pgbackup-passwords/shop/reader");
    assertThat(passwords.words())
        .containsSequence("--password", "admin=/etc/pgbackup-passwords/shop/all/pw")
        .containsSequence("--password", "app=/etc/pgbackup-passwords/shop/all/app")
        .containsSequence(
            "--role-files",
            "/etc/pgbackup-passwords/shop/reader/username=/etc/pgbackup-passwords/shop/reader/password")
        .containsSequence("--superuser", "admin");
    assertThat(PasswordFolder.key(Path.of("/etc/pgbackup-passwords/shop/all/app")))
        .contains(new PasswordFolder.Key("shop", "all", "app"));
    assertThat(PasswordFolder.key(Path.of("/etc/pgbackup-passwords/shop"))).isEmpty();
  }

  private static List<String> keys(Volume volume) {
    return volume.getSecret().getItems().stream().map(KeyToPath::getPath).toList();
  }
}
