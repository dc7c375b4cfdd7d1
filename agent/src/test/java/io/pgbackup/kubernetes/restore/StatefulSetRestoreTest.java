package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.pgbackup.kubernetes.report.ClusterRecord;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatefulSetRestoreTest {
  private static final RestoreOrder TARGET =
      new RestoreOrder(List.of("--timestamp", "2026-11-21T02:13:37Z"), List.of());
  private static final int MORE_THAN_ALL_CALLS = 200;

  private final MemoryCluster cluster = new MemoryCluster();
  private final List<String> said = new ArrayList<>();
  private final PassingClock clock = new PassingClock();

  /// Time that passes only while somebody waits.
  private static final class PassingClock extends Clock {
    private Instant now = Instant.parse("2026-11-21T12:00:00Z");

    void pass(Duration duration) {
      now = now.plus(duration);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private StatefulSetRestore command() {
    return new StatefulSetRestore(
        cluster, MemoryCluster.ORDERS, "anna@laptop/1", clock, clock::pass, said::add);
  }

  private void restore() {
    command().restore(TARGET, false, false);
  }

  private void undo() {
    command().undo(false, false);
  }

  @Test
  void fetchesBesideTheServerAndPutsInPlaceWhileItIsStopped() {
    restore();

    assertThat(cluster.made()).containsExactly("fetch beside", "place alone");
    assertThat(cluster.replicas()).isOne();
    assertThat(cluster.podNames()).containsExactly("orders-0");
    assertThat(said).contains("  working");
  }

  @Test
  void aPlanChangesNothing() {
    command().plan(TARGET, false);

    assertThat(cluster.made()).containsExactly("fetch beside");
    assertThat(cluster.journal()).isEmpty();
    assertThat(cluster.podNames()).containsExactly("orders-0");
  }

  @Test
  void isTakenBack() {
    restore();
    undo();

    assertThat(cluster.made()).containsExactly("fetch beside", "place alone", "undo alone");
    assertThat(cluster.replicas()).isOne();
  }

  /// Whatever the last thing was that a killed command did, the same command ends what it began,
  /// with each step carried out once.
  @Test
  void goesOnWhereverItWasKilled() {
    int calls = 0;
    boolean killed = true;
    while (killed) {
      var victim = new StatefulSetRestoreTest();
      victim.cluster.killAfter(calls);
      killed = MemoryCluster.isKilled(victim::restore);
      victim.cluster.killAfter(Integer.MAX_VALUE);
      victim.restore();
      assertThat(victim.cluster.replicas()).as("killed after %d calls", calls).isOne();
      assertThat(victim.cluster.podNames()).containsExactly("orders-0");
      List<String> made = victim.cluster.made();
      if (killed) {
        assertThat(made)
            .as("killed after %d calls", calls)
            .containsExactly("fetch beside", "place alone");
      }
      assertThat(calls++).isLessThan(MORE_THAN_ALL_CALLS);
    }
  }

  @Test
  void anUndoGoesOnWhereverItWasKilled() {
    int calls = 0;
    boolean killed = true;
    while (killed) {
      var victim = new StatefulSetRestoreTest();
      victim.restore();
      victim.cluster.killAfter(calls);
      killed = MemoryCluster.isKilled(victim::undo);
      victim.cluster.killAfter(Integer.MAX_VALUE);
      if (killed) {
        if (victim.cluster.journal().filter(Journal::isUnfinished).isPresent()
            || !victim.cluster.made().contains("undo alone")) {
          victim.undo();
        }
        assertThat(victim.cluster.made())
            .as("killed after %d calls", calls)
            .containsExactly("fetch beside", "place alone", "undo alone");
        assertThat(victim.cluster.replicas()).isOne();
      }
      assertThat(calls++).isLessThan(MORE_THAN_ALL_CALLS);
    }
  }

  @Test
  void aFailedPodIsToldInItsOwnWordsAndMadeAnew() {
    cluster.fail("fetch");
    assertThatThrownBy(this::restore)
        .isInstanceOf(PgBackupException.class)
        .hasMessage("the store is away")
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.StorageFailed.class);
    assertThat(cluster.replicas()).isOne();

    cluster.fail("none");
    restore();
    assertThat(cluster.made()).containsExactly("fetch beside", "fetch beside", "place alone");
  }

  private static RestoreOrder withRole(String secret) {
    return new RestoreOrder(TARGET.target(), List.of(RoleSecret.parse(secret)));
  }

  @Test
  void thePodThatRecoversHasThePasswordsOfOtherRoles() {
    command().restore(withRole("app=orders-app/pw"), false, false);

    PodSpec fetch = cluster.podsMade().getFirst().getSpec();
    assertThat(fetch.getContainers().getFirst().getCommand())
        .containsSequence("--password", "admin=/etc/pgbackup-passwords/shop/superuser/pw")
        .containsSequence("--password", "app=/etc/pgbackup-passwords/shop/orders-app/pw")
        .containsSequence("--superuser", "admin");
    assertThat(fetch.getVolumes())
        .filteredOn(volume -> volume.getSecret() != null)
        .extracting(volume -> volume.getSecret().getSecretName())
        .containsExactly("bucket", "superuser", "orders-app");
    PodSpec place = cluster.podsMade().getLast().getSpec();
    assertThat(place.getVolumes())
        .filteredOn(volume -> volume.getSecret() != null)
        .extracting(volume -> volume.getSecret().getSecretName())
        .containsExactly("bucket");
    assertThat(cluster.journal())
        .hasValueSatisfying(
            journal -> assertThat(journal.data()).containsEntry("roles", "app=orders-app/pw"));
  }

  /// A role that is missing at the instant is known only then; without it the restore goes on.
  @Test
  void otherRolesBeginAnewWhileTheServerIsLeftAlone() {
    cluster.fail("fetch");
    assertThatThrownBy(() -> command().restore(withRole("newcomer"), false, false))
        .isInstanceOf(PgBackupException.class);
    cluster.fail("none");
    assertThat(command().isUnderWay(withRole("newcomer"))).isTrue();
    assertThat(command().isUnderWay(TARGET)).isFalse();

    restore();

    assertThat(cluster.made()).containsExactly("fetch beside", "fetch beside", "place alone");
    assertThat(cluster.podsMade().get(1).getSpec().getContainers().getFirst().getCommand())
        .doesNotContain("--role-files");
  }

  @Test
  void otherRolesAreRefusedOnceTheServerWasStopped() {
    cluster.fail("swap");
    assertThatThrownBy(this::restore).isInstanceOf(PgBackupException.class);

    assertThatThrownBy(() -> command().restore(withRole("orders-app"), false, false))
        .hasMessageContaining("an unfinished restore of shop/orders stands");
  }

  /// What filled its volume is in the template of a clone as well.
  @Test
  void aCloneIsRestoredLikeItsSource() {
    var shop = new MemoryNamespace();
    new StatefulSetClone(shop, MemoryNamespace.ORDERS, _ -> {}, _ -> {})
        .make(
            new CloneOrder("copy", TARGET.target(), "copy-bucket", Optional.empty(), List.of(), 1));
    cluster.set(
        new StatefulSetBuilder(shop.get(StatefulSet.class, "copy"))
            .editMetadata()
            .withName("orders")
            .endMetadata()
            .build());

    restore();

    assertThat(cluster.podsMade().getFirst().getSpec().getVolumes())
        .extracting(Volume::getName)
        .doesNotHaveDuplicates();
  }

  @Test
  void anotherTargetIsRefusedOnceTheServerWasStopped() {
    cluster.fail("swap");
    assertThatThrownBy(this::restore).isInstanceOf(PgBackupException.class);
    assertThat(cluster.replicas()).isZero();

    assertThatThrownBy(
            () -> command().restore(new RestoreOrder(List.of("--latest"), List.of()), false, false))
        .hasMessageContaining("an unfinished restore of shop/orders stands");

    cluster.fail("none");
    undo();
    assertThat(cluster.made()).endsWith("undo alone");
    assertThat(cluster.replicas()).isOne();
  }

  @Test
  void whatHasNotStoppedTheServerIsGivenUpWithoutStoppingIt() {
    cluster.fail("fetch");
    assertThatThrownBy(this::restore).isInstanceOf(PgBackupException.class);

    undo();

    assertThat(cluster.made()).endsWith("undo beside");
    assertThat(cluster.replicas()).isOne();
  }

  @Test
  void somebodyElsesRestoreIsLeftAlone() {
    Instant now = clock.instant();
    cluster.heldBy(
        "bert@desk/2", now, () -> cluster.heldBy("bert@desk/2", now.plusSeconds(5), () -> {}));

    assertRefused("bert@desk/2 is restoring shop/orders");
    command().restore(TARGET, false, true);
    assertThat(cluster.made()).endsWith("place alone");
  }

  @Test
  void aRestoreThatEndsMeanwhileIsLookedAtFirst() {
    cluster.heldBy("bert@desk/2", clock.instant(), cluster::nobodyHolds);

    assertRefused("bert@desk/2 is restoring shop/orders");
  }

  @Test
  void theLeaseOfOneThatWasKilledIsWaitedFor() {
    cluster.heldBy("bert@desk/2", clock.instant(), () -> {});

    restore();

    assertThat(said).contains("waiting for the lease of bert@desk/2");
    assertThat(cluster.made()).endsWith("place alone");
  }

  @Test
  void aLeaseThatRunsOutWhileItIsAskedForIsNobodys() {
    AtomicInteger asked = new AtomicInteger();
    cluster.heldBy(
        "bert@desk/2",
        clock.instant(),
        () -> {
          cluster.nobodyHolds();
          if (asked.incrementAndGet() == 2) {
            clock.pass(RestoreApi.LEASE);
          }
        });

    restore();

    assertThat(cluster.made()).endsWith("place alone");
  }

  @Test
  void namesEachRightThatIsMissing() {
    cluster.deny(Right.RESTORE);

    assertThatThrownBy(this::restore)
        .satisfies(
            failure ->
                assertThat(Right.RESTORE)
                    .allSatisfy(
                        right -> assertThat(failure).hasMessageContaining(right.toString())));
    assertThat(cluster.made()).isEmpty();
  }

  @Test
  void refusesWhereArgoWouldScaleItBack() {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editMetadata()
            .addToAnnotations("argocd.argoproj.io/tracking-id", "x")
            .endMetadata()
            .build());

    assertRefused("Argo CD looks after the StatefulSet shop/orders");
    command().restore(TARGET, true, false);
    assertThat(cluster.made()).endsWith("place alone");
  }

  /// Before its third version Argo CD marks what it made with the label that Helm gives too, and
  /// only the API server knows who writes it.
  @ParameterizedTest
  @CsvSource({
    "argocd-controller, Argo CD",
    "argocd-application-controller, Argo CD",
    "kustomize-controller, Flux",
    "helm-controller, Flux",
  })
  void refusesWhereTheApiKnowsWhoWouldScaleItBack(String manager, String operator) {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editMetadata()
            .addToLabels("app.kubernetes.io/instance", "orders")
            .addNewManagedField()
            .withManager("kube-controller-manager")
            .withSubresource("status")
            .endManagedField()
            .addNewManagedField()
            .withManager(manager)
            .endManagedField()
            .endMetadata()
            .build());

    assertRefused(operator + " looks after the StatefulSet shop/orders");
    command().restore(TARGET, true, false);
    assertThat(cluster.made()).endsWith("place alone");
  }

  @ParameterizedTest
  @ValueSource(strings = {"kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/namespace"})
  void refusesWhereFluxWouldScaleItBack(String label) {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editMetadata()
            .addToLabels(label, "x")
            .endMetadata()
            .build());

    assertRefused("Flux looks after the StatefulSet shop/orders");
  }

  @Test
  void aReleaseThatSomebodyInstalledWithHelmIsRestored() {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editMetadata()
            .addToLabels("app.kubernetes.io/instance", "orders")
            .addToLabels("app.kubernetes.io/managed-by", "Helm")
            .addToAnnotations("meta.helm.sh/release-name", "orders")
            .addNewManagedField()
            .withManager("helm")
            .endManagedField()
            .endMetadata()
            .build());

    restore();

    assertThat(cluster.made()).endsWith("place alone");
  }

  @Test
  void refusesWhereScalingDownDeletesTheVolume() {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editSpec()
            .withNewPersistentVolumeClaimRetentionPolicy("Retain", "Delete")
            .endSpec()
            .build());

    assertRefused("deletes its volume claims when it is scaled down");
  }

  @Test
  void refusesReplicasOfWhichNobodySaysHowTheyAreMade() {
    cluster.scale(3);

    assertRefused("has 3 replicas, and does not say how its standbys are made");
    assertThat(cluster.deleted()).isEmpty();
  }

  @Test
  void refusesWhereTheFirstPodIsNotNumberNought() {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editSpec()
            .withNewOrdinals(5)
            .endSpec()
            .build());

    assertRefused("counts its pods from 5 (spec.ordinals.start)");
  }

  private void assertRefused(String message) {
    assertThatThrownBy(this::restore)
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining(message)
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Refused.class);
    assertThat(cluster.made()).isEmpty();
    assertThat(cluster.journal()).isEmpty();
  }

  private static ClusterRecord record(String state, Optional<String> segment) {
    return record(state, List.of("wal: no answer"), segment, OptionalDouble.empty(), Instant.EPOCH);
  }

  private static ClusterRecord record(
      String state,
      List<String> problems,
      Optional<String> segment,
      OptionalDouble lag,
      Instant at) {
    return new ClusterRecord(
        "shop/orders",
        Optional.of("orders-0"),
        Optional.of("new"),
        List.of(new ClusterRecord.Known(Instant.EPOCH, "new", "s3://backups/new")),
        state,
        "",
        problems,
        List.of(),
        Optional.empty(),
        segment.map(name -> new ClusterRecord.At(name, Instant.EPOCH)),
        lag,
        "0.1.0",
        at);
  }

  @Test
  void seesTheFirstArchivedWalOfTheRestoredServer() {
    cluster.agentSays(
        record("Protected", Optional.of("000000010000000000000005")),
        record("The agent is stopped", Optional.of("000000010000000000000005")),
        record("Not protected yet", Optional.empty()),
        record("Not protected yet", Optional.of("000000020000000000000006")));
    restore();

    assertThat(said)
        .last()
        .isEqualTo("it archives again: 000000020000000000000006 is stored in s3://backups/new");
    assertThat(cluster.journal()).map(Journal::isUnfinished).contains(false);
  }

  @Test
  void whereNoWalIsArchivedItSaysWhatTheAgentSaysAndIsDone() {
    cluster.agentSays(
        record("Protected", Optional.of("000000010000000000000005")),
        record("One problem", Optional.empty()));
    restore();

    assertThat(said)
        .contains(
            "no archived WAL was seen in 3 minutes; its agent says: One problem",
            "  wal: no answer")
        .last()
        .asString()
        .startsWith("look: kubectl exec -n shop orders-0");
    assertThat(cluster.journal()).map(Journal::isUnfinished).contains(false);
  }

  private static ClusterRecord well(double lag, int second) {
    return record(
        "Protected",
        List.of(),
        Optional.empty(),
        OptionalDouble.of(lag),
        Instant.EPOCH.plusSeconds(second));
  }

  /// Its server finishes no segment, however long one waits.
  @Test
  void whereNothingIsWrittenThereIsNothingToArchive() {
    restore();
    said.clear();
    cluster.agentSays(record("The agent is stopped", Optional.empty()), well(0, 1));
    undo();

    assertThat(said)
        .last()
        .isEqualTo(
            "no WAL segment was finished since the start, so that there is nothing to archive yet; its"
                + " agent says: Protected");
    assertThat(cluster.journal()).map(Journal::isUnfinished).contains(false);
  }

  @Test
  void aSegmentThatWaitsIsWaitedFor() {
    restore();
    said.clear();
    cluster.agentSays(record("The agent is stopped", Optional.empty()), well(40, 1));
    undo();

    assertThat(said).contains("no archived WAL was seen in 3 minutes; its agent says: Protected");
  }

  @Test
  void whereNothingIsKnownOfTheNewAgentItSaysSo() {
    restore();
    said.clear();
    cluster.agentSays(well(0, 1), well(0, 1));
    undo();

    assertThat(said).contains("no archived WAL was seen in 3 minutes; its agent says: Protected");
  }

  @Test
  void withoutARecordItSaysHowToLook() {
    restore();

    assertThat(said)
        .contains(
            "whether it archives again cannot be seen from here: there is no ConfigMap"
                + " orders-pgbackup-status");
  }
}
