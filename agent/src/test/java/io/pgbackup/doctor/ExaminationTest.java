package io.pgbackup.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.problem.ExitStatus;
import io.pgbackup.problem.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ExaminationTest {
  private static final Outcome FINE = Outcome.pass("fine");

  @Test
  void whateverACheckThrowsTheNextOneComes() {
    Findings findings =
        Findings.of(
            CheckGroup.of(
                Group.STORAGE,
                List.of(
                    Check.of(
                        "crashes",
                        () -> {
                          throw new IllegalStateException("oh");
                        }),
                    Check.of(
                        "cannot-link",
                        () -> {
                          throw new UnsatisfiedLinkError("no zstd");
                        }),
                    Check.of(
                        "knows-why",
                        () -> {
                          throw Problem.postgresFailed("it is away", "Start it.").asException();
                        }),
                    Check.of("next", () -> FINE))));

    assertThat(findings.of("crashes").found()).contains("'crashes' crashed", "oh");
    assertThat(findings.of("cannot-link").found()).contains("no zstd");
    assertThat(findings.of("knows-why").found()).isEqualTo("it is away");
    assertThat(findings.of("next")).isEqualTo(FINE);
    assertThat(new Diagnosis(findings.all(), Optional.empty()).status()).isEqualTo(ExitStatus.BUG);
  }

  @Test
  void noCheckTakesLongerThanItsTime() {
    List<Finding> told = new ArrayList<>();
    Check hangs =
        Check.of(
            "hangs",
            () -> {
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return FINE;
            });

    var findings =
        new Examination(Duration.ofMillis(20), told::add)
            .run(List.of(CheckGroup.of(Group.AGENT, List.of(hangs))));

    assertThat(findings).isEqualTo(told).hasSize(1);
    assertThat(new Diagnosis(findings, Optional.empty()).status()).isEqualTo(ExitStatus.TIMED_OUT);
  }

  @Test
  void behindAGateThatDidNotOpenNothingIsTried() {
    Check shut = Check.gate("door", () -> Outcome.fail(Problem.notFound("no door", "Build one.")));
    Check never =
        Check.of(
            "never",
            () -> {
              throw new AssertionError("was tried");
            });

    Findings findings =
        Findings.of(
            CheckGroup.of(Group.STORAGE, List.of(shut, never)),
            new CheckGroup(Group.ISOLATION, Set.of(Group.STORAGE), List.of(never)),
            CheckGroup.of(Group.ENGINE, List.of(Check.of("other", () -> FINE))));

    assertThat(findings.names(Outcome.Skip.class)).containsExactly("never", "never");
    assertThat(findings.of("never").found()).contains("'storage door'");
    assertThat(findings.of("other")).isEqualTo(FINE);
  }

  @Test
  void theGravestFailureGivesTheStatus() {
    Problem key = Problem.verificationFailed("wrong key", "Look.");
    Problem store = Problem.storageFailed("no store", "Look.");
    Problem file = Problem.misconfigured("no file", "Look.");

    assertThat(status(file, store, key)).isEqualTo(ExitStatus.VERIFICATION);
    assertThat(status(file, store)).isEqualTo(ExitStatus.STORAGE);
    assertThat(status(file)).isEqualTo(ExitStatus.USAGE);
    assertThat(status()).isEqualTo(ExitStatus.DONE);
  }

  private static ExitStatus status(Problem... problems) {
    List<Finding> findings = new ArrayList<>();
    findings.add(new Finding(Group.AGENT, "warned", Outcome.warn("hm", "Look.")));
    for (Problem problem : problems) {
      findings.add(new Finding(Group.AGENT, "failed", Outcome.fail(problem)));
    }
    return new Diagnosis(findings, Optional.empty()).status();
  }
}
