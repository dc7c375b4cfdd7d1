package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.agent.Problems.Standing;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ProblemsTest {
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Problem REFUSED = Problem.postgresFailed("connection refused", "Start it.");
  private static final Problem PASSWORD = Problem.postgresFailed("wrong password", "Change it.");

  private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
  private final Problems problems = new Problems(now::get);

  @Test
  void aProblemStandsSinceItCameUntilItGoes() {
    problems.report(About.POSTGRES, REFUSED);
    now.set(NOW.plusSeconds(60));
    problems.report(About.POSTGRES, REFUSED);
    problems.report(About.POSTGRES, PASSWORD);

    assertThat(problems.all()).containsExactly(new Standing(About.POSTGRES, NOW, PASSWORD));
    assertThat(problems.about(About.POSTGRES)).contains(PASSWORD);

    problems.clear(About.POSTGRES);

    assertThat(problems.all()).isEmpty();
    assertThat(problems.about(About.POSTGRES)).isEmpty();
  }

  @Test
  void eachMatterHasItsOwn() {
    problems.report(About.BACKUP, PASSWORD);
    problems.report(About.POSTGRES, REFUSED);
    problems.clear(About.LINEAGE);

    assertThat(problems.all())
        .extracting(Standing::about)
        .containsExactly(About.POSTGRES, About.BACKUP);
  }
}
