package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Restores of a StatefulSet with a primary and two standbys.
class StandbysTest {
  private static final RestoreOrder TARGET =
      new RestoreOrder(List.of("--timestamp", "2026-11-21T02:13:37Z"), List.of());
  private static final List<String> CLAIMS = List.of("data-orders-1", "data-orders-2");
  private static final int MORE_THAN_ALL_CALLS = 1000;

  private final MemoryCluster cluster = MemoryCluster.withReplicas(3);
  private final List<String> said = new ArrayList<>();

  private StatefulSetRestore command() {
    return new StatefulSetRestore(
        cluster, MemoryCluster.ORDERS, "anna@laptop/1", Clock.systemUTC(), _ -> {}, said::add);
  }

  private void restore() {
    command().restore(TARGET, false, false);
  }

  private void undo() {
    command().undo(false, false);
  }

  private void assertServes(String data) {
    assertThat(cluster.replicas()).isEqualTo(3);
    assertThat(cluster.podNames()).containsExactlyInAnyOrder("orders-0", "orders-1", "orders-2");
    assertThat(cluster.data())
        .isEqualTo(Map.of("data-orders-0", data, "data-orders-1", data, "data-orders-2", data));
  }

  @Test
  void followTheRestoredPrimary() {
    restore();

    assertServes("restored");
    assertThat(cluster.made()).containsExactly("fetch beside", "place alone");
    assertThat(cluster.deleted()).containsExactlyElementsOf(CLAIMS);
    assertThat(said).contains("  2 of 3 servers are ready", "  3 of 3 servers are ready");
  }

  @Test
  void followThePrimaryAfterAnUndo() {
    restore();
    undo();

    assertServes("old");
    assertThat(cluster.made()).containsExactly("fetch beside", "place alone", "undo alone");
    assertThat(cluster.deleted()).hasSize(4);
  }

  @Test
  void aPlanNamesTheClaimsThatWillGo() {
    command().plan(TARGET, false);

    assertThat(said)
        .contains(
            "  standbys     2, made anew from the primary",
            "  deletes      the volume claims data-orders-1, data-orders-2");
    assertThat(command().claimsThatRestoreDeletes()).isEqualTo(CLAIMS);
    assertServes("old");
    assertThat(cluster.deleted()).isEmpty();
  }

  @Test
  void thePlanOfAnUndoNamesThemToo() {
    restore();
    said.clear();

    command().planUndo(false);

    assertThat(said).contains("  deletes      the volume claims data-orders-1, data-orders-2");
    assertThat(command().claimsThatUndoDeletes()).isEqualTo(CLAIMS);
  }

  @Test
  void stayWhenNothingWasStopped() {
    cluster.fail("fetch");
    assertThatThrownBy(this::restore).isInstanceOf(PgBackupException.class);

    assertThat(command().claimsThatUndoDeletes()).isEmpty();
    undo();

    assertServes("old");
    assertThat(cluster.deleted()).isEmpty();
  }

  /// Each claim is deleted once, so no standby that was made anew is taken away again.
  @Test
  void areMadeAnewOnceWhereverTheCommandWasKilled() {
    killedEverywhere(
        _ -> {},
        StandbysTest::restore,
        (victim, calls) -> {
          victim.restore();
          victim.assertServes("restored");
          assertThat(victim.cluster.made())
              .as("killed after %d calls", calls)
              .containsExactly("fetch beside", "place alone");
          assertThat(victim.cluster.deleted())
              .as("killed after %d calls", calls)
              .containsExactlyElementsOf(CLAIMS);
        });
  }

  @Test
  void areMadeAnewOnceWhereverTheUndoWasKilled() {
    killedEverywhere(
        StandbysTest::restore,
        StandbysTest::undo,
        (victim, calls) -> {
          if (victim.unfinished().isPresent() || !victim.cluster.made().contains("undo alone")) {
            victim.undo();
          }
          victim.assertServes("old");
          assertThat(victim.cluster.made())
              .as("killed after %d calls", calls)
              .containsExactly("fetch beside", "place alone", "undo alone");
          assertThat(victim.cluster.deleted()).as("killed after %d calls", calls).hasSize(4);
        });
  }

  @Test
  void followTheOldPrimaryWhereverARestoreIsGivenUp() {
    killedEverywhere(
        _ -> {},
        StandbysTest::restore,
        (victim, calls) -> {
          if (victim.unfinished().isPresent()) {
            victim.undo();
            victim.assertServes("old");
          }
          assertThat(victim.cluster.replicas()).as("killed after %d calls", calls).isEqualTo(3);
        });
  }

  /// Its standbys have begun with their old volumes then.
  @Test
  void areMadeAnewAlsoWhereSomebodyScaledItUpMeanwhile() {
    killedEverywhere(
        _ -> {},
        StandbysTest::restore,
        (victim, calls) -> {
          if (victim.unfinished().filter(step -> step == Step.STANDBYS).isPresent()
              && victim.cluster.deleted().isEmpty()) {
            victim.cluster.scale(3);
            victim.restore();
            victim.assertServes("restored");
            assertThat(victim.cluster.deleted())
                .as("killed after %d calls", calls)
                .containsExactlyElementsOf(CLAIMS);
          }
        });
  }

  private interface Then {
    void happens(StandbysTest victim, int calls);
  }

  private static void killedEverywhere(
      Consumer<StandbysTest> before, Consumer<StandbysTest> command, Then then) {
    boolean killed = true;
    for (int calls = 0; killed; calls++) {
      assertThat(calls).isLessThan(MORE_THAN_ALL_CALLS);
      var victim = new StandbysTest();
      before.accept(victim);
      victim.cluster.killAfter(calls);
      killed = MemoryCluster.isKilled(() -> command.accept(victim));
      victim.cluster.killAfter(Integer.MAX_VALUE);
      if (killed) {
        then.happens(victim, calls);
      }
    }
  }

  private Optional<Step> unfinished() {
    return cluster.journal().filter(Journal::isUnfinished).map(Journal::step);
  }

  @Test
  void aClaimThatAPodUsesIsNotDeletedBeforeThatEndsButThePrimaryServes() {
    cluster.use("data-orders-2", "curious", 20);

    restore();

    assertThat(said)
        .containsSubsequence(
            "  the server is ready", "  waiting for pod curious, which uses a standby's volume");
    assertServes("restored");
  }

  @Test
  void oneThatItsControllerDoesNotStopIsStopped() {
    cluster.stick("orders-2");

    restore();

    assertServes("restored");
  }

  @Test
  void areRefusedToWhoeverMayNotDeleteClaims() {
    cluster.deny(Right.STANDBYS);

    assertThatThrownBy(this::restore)
        .hasMessageContaining("what a restore with replicas needs: delete persistentvolumeclaims");
    assertServes("old");

    cluster.scale(1);
    restore();
    assertThat(cluster.made()).endsWith("place alone");
  }

  @Test
  void claimsOfNoReplicaAreLeftAndNamed() {
    cluster.scale(2);

    restore();

    assertThat(cluster.deleted()).containsExactly("data-orders-1");
    assertThat(said).contains("  left over    the volume claims data-orders-2");
    assertThat(cluster.data()).containsEntry("data-orders-2", "old");
  }

  @Test
  void thoseThatNobodyWasAskedAboutAreNotTakenAway() {
    cluster.scale(1);
    var command =
        new StatefulSetRestore(
            cluster,
            MemoryCluster.ORDERS,
            "anna@laptop/1",
            Clock.systemUTC(),
            _ -> {},
            line -> {
              if (line.contains(Step.FETCH.description())) {
                cluster.scale(3);
              }
            });

    assertThatThrownBy(() -> command.restore(TARGET, false, false))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("from 1 to 3");
    assertThat(cluster.deleted()).isEmpty();

    restore();

    assertServes("restored");
  }

  @Test
  void thoseThatCameDuringTheFetchCount() {
    cluster.scale(1);
    cluster.fail("fetch");
    assertThatThrownBy(this::restore).isInstanceOf(PgBackupException.class);
    cluster.fail("none");
    cluster.scale(3);

    restore();

    assertServes("restored");
  }
}
