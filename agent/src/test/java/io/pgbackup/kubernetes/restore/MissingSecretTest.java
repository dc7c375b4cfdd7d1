package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A release that was deleted with the Secret of its superuser.
class MissingSecretTest {
  private static final RestoreOrder TARGET = new RestoreOrder(List.of("--latest"), List.of());
  private static final String READING =
      "  kubectl get secret superuser -n shop -o go-template='{{index .data \"pw\" | base64decode}}'";
  private static final int MORE_THAN_ALL_CALLS = 200;

  private final MemoryCluster cluster = new MemoryCluster();
  private final List<String> said = new ArrayList<>();

  MissingSecretTest() {
    cluster.loseSecret();
  }

  private StatefulSetRestore command() {
    return new StatefulSetRestore(
        cluster,
        MemoryCluster.ORDERS,
        "anna@laptop/1",
        Clock.fixed(Instant.parse("2026-11-21T12:00:00Z"), ZoneOffset.UTC),
        _ -> {},
        said::add);
  }

  private void restore() {
    command().restore(TARGET, false, false);
  }

  private void withStandbyContainer() {
    cluster.set(
        new StatefulSetBuilder(MemoryCluster.orders())
            .editSpec()
            .editTemplate()
            .editSpec()
            .addNewInitContainer()
            .withName("pgbackup-standby")
            .addNewEnv()
            .withName("STANDBY_PASSWORD")
            .withNewValueFrom()
            .withNewSecretKeyRef("replication", "superuser", true)
            .endValueFrom()
            .endEnv()
            .endInitContainer()
            .endSpec()
            .endTemplate()
            .endSpec()
            .build());
  }

  @Test
  void isMadeAnewBeforeAPodNeedsIt() {
    restore();

    assertThat(cluster.secret())
        .hasValueSatisfying(
            secret ->
                assertThat(secret.getMetadata().getLabels())
                    .containsEntry("app.kubernetes.io/managed-by", "pgbackup"));
    assertThat(cluster.passwords()).containsOnlyKeys("pw");
    assertThat(cluster.passwords().get("pw")).hasSizeGreaterThan(20);
    assertThat(cluster.lackedPassword()).isFalse();
    assertThat(cluster.made()).containsExactly("fetch beside", "place alone");
  }

  @Test
  void isNamedWithTheCommandThatReadsItAndNeverShown() {
    restore();

    assertThat(said)
        .contains("  the Secret superuser was missing and is made anew, with a random password")
        .containsSubsequence(
            "the superuser's password was made anew with the Secret superuser; read it with",
            READING);
    assertThat(cluster.journal())
        .hasValueSatisfying(
            journal -> assertThat(journal.data()).containsEntry("secret", "superuser"));
    assertThat(String.join("\n", said) + cluster.journal())
        .doesNotContain(cluster.passwords().get("pw"));
  }

  @Test
  void eachRestoreMakesAnotherPassword() {
    restore();
    Map<String, String> first = cluster.passwords();
    cluster.loseSecret();
    restore();

    assertThat(cluster.passwords().get("pw")).isNotEqualTo(first.get("pw"));
  }

  @Test
  void oneThatExistsIsLeftAloneAndNotSpokenOf() {
    restore();
    Map<String, String> made = cluster.passwords();
    said.clear();
    restore();

    assertThat(cluster.passwords()).isEqualTo(made);
    assertThat(said).noneMatch(line -> line.contains("Secret"));
    assertThat(cluster.journal())
        .hasValueSatisfying(journal -> assertThat(journal.secret()).isEmpty());
  }

  /// Whatever the last thing was that a killed command did, one password is made, and the command
  /// that ends it says how to read it.
  @Test
  void makesNoSecondPasswordWhereverItWasKilled() {
    int calls = 0;
    boolean killed = true;
    while (killed) {
      var victim = new MissingSecretTest();
      victim.cluster.killAfter(calls);
      killed = MemoryCluster.isKilled(victim::restore);
      Map<String, String> first = victim.cluster.passwords();
      victim.cluster.killAfter(Integer.MAX_VALUE);
      if (killed) {
        victim.restore();
        assertThat(victim.cluster.passwords())
            .as("killed after %d calls", calls)
            .containsOnlyKeys("pw")
            .satisfies(now -> assertThat(first.isEmpty() || first.equals(now)).isTrue());
        assertThat(victim.cluster.lackedPassword()).isFalse();
        assertThat(victim.said).as("killed after %d calls", calls).contains(READING);
        assertThat(victim.cluster.made()).containsExactly("fetch beside", "place alone");
      }
      assertThat(calls++).isLessThan(MORE_THAN_ALL_CALLS);
    }
  }

  @Test
  void aPlanSaysItAndMakesNothing() {
    command().plan(TARGET, false);

    assertThat(cluster.secret()).isEmpty();
    assertThat(cluster.lackedPassword()).isFalse();
    assertThat(said)
        .contains(
            "  password     the Secret superuser is missing and will be made anew, with a random one");
  }

  /// Then it is left to the pod to say whether the password is there.
  @Test
  void withoutTheRightNothingIsTried() {
    cluster.deny(Right.SECRET);
    restore();

    assertThat(cluster.secret()).isEmpty();
    assertThat(cluster.lackedPassword()).isTrue();
  }

  @Test
  void thePasswordOfTheChartsStandbysIsMadeToo() {
    withStandbyContainer();
    restore();

    assertThat(cluster.passwords()).containsOnlyKeys("pw", "replication");
    assertThat(cluster.passwords().values()).doesNotHaveDuplicates();
  }

  @Test
  void anUndoSaysThatTheOldDataDoNotKnowThePassword() {
    restore();
    Map<String, String> made = cluster.passwords();
    said.clear();
    command().undo(false, false);

    assertThat(cluster.passwords()).isEqualTo(made);
    assertThat(said)
        .contains(
            "the Secret superuser, which the restore made anew, stays; the data have the password of before:");
  }

  @Test
  void anotherTargetAfterAFailureSpeaksOfItToo() {
    cluster.fail("fetch");
    try {
      restore();
    } catch (RuntimeException expected) {
      assertThat(expected).hasMessage("the store is away");
    }
    cluster.fail("none");
    command()
        .restore(
            new RestoreOrder(List.of("--timestamp", "2026-11-21T02:13:37Z"), List.of()),
            false,
            false);

    assertThat(said).contains(READING);
  }
}
