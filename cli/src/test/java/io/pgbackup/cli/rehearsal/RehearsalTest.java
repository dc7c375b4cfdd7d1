package io.pgbackup.cli.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.problem.ExitStatus;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RehearsalTest {
  /// What ends early leaves out of the cache what comes behind it. No tar is there to verify, and
  /// PostgreSQL 18 need not be.
  @Test
  void everyVerbComesAsFarAsTheSmallBucketLetsIt() throws Exception {
    Map<String, Integer> statuses = Rehearsal.run();

    assertThat(statuses)
        .containsEntry("no-such-verb", ExitStatus.USAGE.code())
        .containsEntry("--config CONFIG verify", ExitStatus.VERIFICATION.code());
    statuses.keySet().removeIf(line -> line.matches("no-such-verb|.* verify|.* --plan"));
    assertThat(statuses).isNotEmpty().allSatisfy((_, status) -> assertThat(status).isZero());
  }
}
