package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.BackupListener;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class IdentityGuardTest {
  private static final BackupName NAME = new BackupName("base_000000010000000000000002");
  private static final WalSegment SEGMENT =
      WalSegment.parse("000000010000000000000002", WalSegmentSize.DEFAULT);
  private static final TakenBackup TAKEN =
      new TakenBackup(
          NAME,
          Lsn.parse("0/2000028"),
          Lsn.parse("0/2000120"),
          Instant.EPOCH,
          Instant.EPOCH,
          1,
          1,
          1,
          List.of());
  private static final Identity OURS = identity("ours");
  private static final Identity OTHER = identity("other");

  private final AtomicReference<Optional<Identity>> beside =
      new AtomicReference<>(Optional.of(OURS));
  private final List<String> told = new ArrayList<>();

  private static Identity identity(String uid) {
    return new Identity(
        new ClusterId("shop", "orders"),
        new LineageUid(uid),
        new SystemIdentifier(7),
        Optional.empty());
  }

  private TakenBackup push(Runnable meanwhile) {
    return new IdentityGuard(
            (_, listener) -> {
              listener.started(NAME);
              listener.progressed(1, 2);
              meanwhile.run();
              listener.awaitingWal(SEGMENT, SEGMENT);
              listener.beforeSentinel();
              told.add("sentinel");
              return TAKEN;
            },
            OURS,
            beside::get)
        .push(
            BackupRequest.CONFIGURED,
            new BackupListener() {
              @Override
              public void started(BackupName name) {
                told.add("started");
              }

              @Override
              public void progressed(long files, long bytes) {
                told.add("progressed");
              }

              @Override
              public void awaitingWal(WalSegment first, WalSegment last) {
                told.add("awaitingWal");
              }

              @Override
              public void beforeSentinel() {
                told.add("beforeSentinel");
              }
            });
  }

  @Test
  void passesEverythingOnWhileTheDataAreOurs() {
    assertThat(push(() -> {})).isEqualTo(TAKEN);
    assertThat(told)
        .containsExactly("started", "progressed", "awaitingWal", "beforeSentinel", "sentinel");
  }

  @Test
  void beginsNothingBesideDataOfAnotherLineage() {
    beside.set(Optional.of(OTHER));

    assertThatThrownBy(() -> push(() -> {}))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class));
    assertThat(told).isEmpty();
  }

  @Test
  void writesNoSentinelWhereARestoreCameInBetween() {
    assertThatThrownBy(() -> push(() -> beside.set(Optional.of(OTHER))))
        .hasMessageContaining("lineage other");
    assertThat(told).doesNotContain("beforeSentinel", "sentinel");

    told.clear();
    beside.set(Optional.of(OURS));
    assertThatThrownBy(() -> push(() -> beside.set(Optional.empty())))
        .hasMessageContaining("no lineage");
    assertThat(told).doesNotContain("sentinel");
  }
}
