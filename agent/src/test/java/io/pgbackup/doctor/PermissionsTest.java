package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.ConfigLoader;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.doctor.QuirkyStore.Request;
import io.pgbackup.store.StoreFolder;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PermissionsTest {
  private static final ProbeKeys KEYS = new ProbeKeys(StoreFolder.of("pgbackup/shop/orders"), "db");

  private final QuirkyStore store = new QuirkyStore();

  private Findings findings(Optional<Role> role, String retention) {
    Expectation expectation =
        Expectation.of(
            role,
            new ConfigLoader(Map.of())
                .parse(
                    "test",
                    """
                    cluster: { name: orders }
                    storage: { url: s3://backups }
                    retention: { run: %s }
                    """
                        .formatted(retention)));
    return Findings.of(new Permissions(store, KEYS, expectation).group());
  }

  /// As the policies have it.
  private static boolean forbids(Role role, Request request, String key) {
    return switch (request) {
      case LIST, READ, BUCKET -> false;
      case PUT ->
          switch (role) {
            case ARCHIVER -> false;
            case RETENTION -> !key.contains("/pgbackup/");
            case RESTORER -> !key.contains("/pgbackup/leases/");
          };
      case ABORT -> role == Role.RESTORER;
      case DELETE -> role != Role.RETENTION;
    };
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void aCredentialOfItsRolePasses(Role role) {
    store.forbidding((request, key) -> forbids(role, request, key.replace("pgbackup/shop", "")));

    Findings findings = findings(Optional.of(role), "agent");

    assertThat(findings.names(Outcome.Pass.class)).as("%s", findings).hasSize(6);
    assertThat(store.openUploads()).isEmpty();
  }

  @Test
  void anArchiverThatCanDeleteIsAWarning() {
    assertThat(findings(Optional.of(Role.ARCHIVER), "job").names(Outcome.Warn.class))
        .containsExactly("delete");
    assertThat(findings(Optional.empty(), "job").names(Outcome.Warn.class))
        .containsExactly("delete");
    assertThat(findings(Optional.empty(), "agent").names(Outcome.Warn.class)).isEmpty();
  }

  @Test
  void anAgentThatCannotPutFails() {
    store.forbidding((request, _) -> request == Request.PUT);

    Findings findings = findings(Optional.empty(), "agent");

    assertThat(findings.names(Outcome.Fail.class))
        .containsExactly("put", "put-leases", "multipart");
    assertThat(findings.of("put").found())
        .isEqualTo("the agent may not put objects in pgbackup/shop/orders/: 403 AccessDenied");
  }

  @Test
  void whatItLeavesBehindIsNamed() {
    store.forbidding((request, _) -> request == Request.DELETE);

    assertThat(findings(Optional.of(Role.ARCHIVER), "agent").of("delete").found())
        .contains("left behind: ", KEYS.archive().value(), KEYS.lease().value());
    assertThat(store.keys())
        .containsExactlyInAnyOrder(KEYS.archive().value(), KEYS.lease().value());
  }

  @Test
  void absenceThatLooksLikeARefusalFails() {
    store.forbidding((request, _) -> request == Request.READ);

    assertThat(findings(Optional.empty(), "agent").names(Outcome.Fail.class))
        .containsExactly("get");
  }

  @Test
  void aRestorerThatMayWriteArchivesIsAWarning() {
    Findings findings = findings(Optional.of(Role.RESTORER), "agent");

    assertThat(findings.names(Outcome.Warn.class)).containsExactly("put", "multipart", "delete");
  }
}
