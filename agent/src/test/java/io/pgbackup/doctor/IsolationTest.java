package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.doctor.QuirkyStore.Request;
import io.pgbackup.store.StoreFolder;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class IsolationTest {
  private static final String FOLDER = "pgbackup/shop/orders/";
  private static final ProbeKeys KEYS = new ProbeKeys(StoreFolder.of(FOLDER), "db");

  private final QuirkyStore store = new QuirkyStore().holding(FOLDER + "u/18/wal_005/own");

  private Findings findings(boolean isolated) {
    return Findings.of(
        new Isolation(store, KEYS, new Expectation("it", Set.of(), Set.of(), isolated)).group());
  }

  @Test
  void aCredentialForItsFolderAlonePasses() {
    store.forbidding((_, key) -> !key.startsWith(FOLDER));

    assertThat(findings(true).names(Outcome.Pass.class)).hasSize(4);
  }

  @Test
  void aPolicyWithoutTheSlashIsCaughtByTheTwin() {
    store.forbidding((_, key) -> !key.startsWith("pgbackup/shop/orders"));

    assertThat(findings(true).names(Outcome.Fail.class))
        .containsExactly("list-twin", "read-neighbour", "put-outside");
    assertThat(store.keys()).hasSize(1);
  }

  @Test
  void aSharedKeyFailsWhereThereAreNeighbours() {
    IntStream.range(0, 1200).forEach(i -> store.holding(FOLDER + "u/18/wal_005/%04d".formatted(i)));
    store.holding("pgbackup/shop/payments/u/18/wal_005/theirs");

    Findings findings = findings(false);

    assertThat(findings.names(Outcome.Fail.class)).hasSize(4);
    assertThat(findings.of("read-neighbour").found())
        .contains("pgbackup/shop/payments/u/18/wal_005/theirs");
  }

  @Test
  void aBucketOfItsOwnIsOnlyAWarning() {
    assertThat(findings(false).names(Outcome.Warn.class)).hasSize(4);
    assertThat(findings(true).names(Outcome.Fail.class)).hasSize(4);
  }

  @Test
  void whatItCannotTakeBackIsNamedAndIsNoNeighbourNextTime() {
    store.forbidding((request, _) -> request == Request.DELETE);

    assertThat(findings(false).of("put-outside").found()).contains("it was left there");
    assertThat(findings(false).names(Outcome.Warn.class)).hasSize(4);
  }
}
