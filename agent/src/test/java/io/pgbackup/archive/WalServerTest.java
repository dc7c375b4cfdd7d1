package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.archive.WalServer.FetchResult;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class WalServerTest {
  private static final WalFileName NAME = WalFileName.parse("000000010000000000000001");

  private final MemoryWalEngine engine = new MemoryWalEngine();
  private final WalServer server =
      new WalServer(engine, new Retry(Duration.ZERO, Duration.ofMillis(1)), Clock.systemUTC());

  private Optional<Fetched> fetch() {
    return server.fetch(NAME, Optional::empty, byte[]::new);
  }

  @Test
  void eachFetchIsTimedUnderHowItEnded() {
    assertThat(server.durations()).isEmpty();

    assertThat(fetch()).isEmpty();
    engine.files.put(NAME.text(), new byte[] {1});
    assertThat(fetch()).isPresent();
    assertThat(
            server.fetch(
                NAME, () -> Optional.of(new Fetched.InMemory(new byte[] {1})), byte[]::new))
        .isPresent();
    engine.failuresToCome = 1;
    assertThatThrownBy(this::fetch).isInstanceOf(PgBackupException.class);

    assertThat(
            server.durations().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().count())))
        .containsOnly(
            Map.entry(FetchResult.ABSENT, 1L),
            Map.entry(FetchResult.FETCHED, 1L),
            Map.entry(FetchResult.AHEAD, 1L),
            Map.entry(FetchResult.FAILED, 1L));
  }
}
