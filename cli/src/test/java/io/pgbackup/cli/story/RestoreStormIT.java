package io.pgbackup.cli.story;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgbackup.cli.story.Installation.Answer;
import io.pgbackup.cli.story.ProtectedServer.Moment;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.FaultyProxy;
import io.pgbackup.testing.FaultyProxy.Fault;
import io.pgbackup.testing.FaultyProxy.Request;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The store answers badly, or not at all, while the command line restores from it. The agent has a
/// line of its own.
class RestoreStormIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Fault[] OVERLOAD = {
    FaultyProxy.error(429, "TooManyRequests"),
    FaultyProxy.error(500, "InternalError"),
    FaultyProxy.error(503, "SlowDown"),
    new Fault.LoseRequest()
  };
  private static final Fault[] EVERYTHING = {
    FaultyProxy.error(429, "TooManyRequests"),
    new Fault.CutAnswer(1000, /* reset= */ true),
    FaultyProxy.error(500, "InternalError"),
    new Fault.LoseAnswer(),
    FaultyProxy.error(503, "SlowDown"),
    new Fault.CutAnswer(100, /* reset= */ false),
    new Fault.LoseRequest()
  };

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private FaultyProxy proxy;
  private ProtectedServer server;
  private Path configuration;
  private Moment moment;

  @BeforeEach
  void archive() throws IOException {
    S3Server s3 = S3Server.shared();
    proxy = FaultyProxy.before(s3.endpoint());
    server = new ProtectedServer(PostgresRelease.NEWEST, folder, s3.storageConfig(s3.newBucket()));
    configuration =
        Files.writeString(
            folder.resolve("through-the-storm.yaml"),
            Files.readString(server.configuration())
                .replace(s3.endpoint().toString(), proxy.endpoint().toString()));
    server.awaitBackups(server.uid(), 1);
    // more than fits into one part, and some WAL
    server
        .postgres()
        .sql(
            "create table noise as select sha512(i::text::bytea) as noise"
                + " from generate_series(1, 300000) as i");
    server.mustDo("backup");
    moment = server.write("segment 1");
    server.archiveEverything();
    for (int segment = 2; segment <= 4; segment++) {
      moment = server.write("segment " + segment);
      server.archiveEverything();
    }
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
    proxy.close();
  }

  private Path target() {
    return folder.resolve("restored");
  }

  private Answer restore() {
    return server.pgbackup(configuration, server.restore(moment.instant(), target()));
  }

  private void assertRestored(Answer answer) {
    assertThat(answer.status()).as("%s", answer).isZero();
    assertThat(server.contentOf(target())).isEqualTo(moment.content());
  }

  private static boolean isOfBaseBackup(Request request) {
    return request.is("GET", "/tar_partitions/");
  }

  @Test
  void eachRequestFailsThreeTimesAndTheRowsAreRight() {
    Map<String, Integer> tries = new ConcurrentHashMap<>();
    try (FaultyProxy.Storm storm =
        proxy.storm(
            request -> tries.merge(request.method() + " " + request.target(), 1, Integer::sum) <= 3,
            EVERYTHING)) {
      Answer answer = restore();

      assertRestored(answer);
      assertThat(storm.broken()).isGreaterThan(3 * EVERYTHING.length);
    }
  }

  @Test
  void aStormForLongerThanARequestIsTriedIsWaitedFor() {
    CompletableFuture<Answer> restored;
    try (FaultyProxy.Storm storm = proxy.storm(RestoreStormIT::isOfBaseBackup, OVERLOAD)) {
      restored = CompletableFuture.supplyAsync(this::restore);
      // a request by itself is tried eight times, and some of those twice
      await().atMost(PATIENCE).until(() -> restored.isDone() || mostTries() > 24);
      assertThat(storm.broken()).isPositive();
    }

    assertRestored(restored.join());
  }

  /// Of one object of the base backup.
  private long mostTries() {
    return proxy.requests().stream()
        .filter(RestoreStormIT::isOfBaseBackup)
        .collect(groupingBy(Request::target, counting()))
        .values()
        .stream()
        .mapToLong(Long::longValue)
        .max()
        .orElse(0);
  }

  @Test
  void aStoreThatStaysAwayIsNamedAndTheSameCommandRestoresOnceItIsBack() {
    proxy.refuse();

    Answer away = restore();

    assertThat(away.status()).as("%s", away).isNotZero();
    assertThat(away.err())
        .contains("bucket", proxy.endpoint().toString(), "refused")
        .contains("HINT: ")
        .doesNotContain("\tat ");
    assertThat(target()).doesNotExist();
    proxy.acceptAgain();
    assertRestored(restore());
  }

  @Test
  void aStoreThatTurnsUsAwayInTheMiddleIsNamedAndTheSameCommandRestores() {
    try (FaultyProxy.Storm _ =
        proxy.storm(RestoreStormIT::isOfBaseBackup, FaultyProxy.error(403, "AccessDenied"))) {
      Answer away = restore();

      assertThat(away.status()).as("%s", away).isNotZero();
      assertThat(away.err())
          .contains("/tar_partitions/", "AccessDenied", "HINT: ")
          .doesNotContain("\tat ");
      assertThat(target()).doesNotExist();
    }

    assertRestored(restore());
  }
}
