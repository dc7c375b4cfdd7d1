package io.pgbackup.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.config.ConfigLoader;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SteppingClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An agent that keeps one full base backup, over an archive that real WAL-G wrote, where a segment
/// from before it may go.
class RetentionWatchTest {
  private static final ArchiveLayout LAYOUT =
      new ArchiveLayout(StoreFolder.of("pgbackup/default/orders/u/15"));
  private static final ObjectKey OLD_SEGMENT = LAYOUT.wal().key("000000010000000000000001.lz4");
  private static final ObjectKey FULL = LAYOUT.sentinel(new BackupName(GoldenArchive.FULL));

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final SteppingClock clock = new SteppingClock(Instant.parse("2027-01-01T03:30:00Z"));
  private boolean away;
  private final MemoryObjectStore store =
      new MemoryObjectStore(clock) {
        @Override
        public synchronized Stream<StoredObject> list(String keyPrefix) {
          if (away) {
            throw Problem.storageUnavailable("the store is away", "Wait.").asException();
          }
          return super.list(keyPrefix);
        }
      };
  private final Problems problems = new Problems(clock);
  private Optional<ProtectedLineage> lineage = Optional.empty();

  @BeforeEach
  void layOut() throws IOException {
    GoldenArchive.copyInto(folder);
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        put(LAYOUT.prefix().key(folder.relativize(file).toString()), Files.readAllBytes(file));
      }
    }
    put(OLD_SEGMENT, new byte[0]);
    lineage = Optional.of(read());
    // WAL of a timeline that was left stays for a day
    clock.advance(Duration.ofDays(2));
  }

  @Test
  void appliesTheRulesWhenTheirScheduleComes() {
    RetentionWatch watch = watch();
    watch.look();
    assertThat(store.head(OLD_SEGMENT)).isPresent();
    assertThat(watch.view().orElseThrow().lastSuccess()).isEmpty();

    watch.scheduled();
    watch.look();
    assertThat(store.head(OLD_SEGMENT)).isEmpty();
    assertThat(watch.view().orElseThrow().lastSuccess()).contains(clock.instant());
    assertThat(problem()).isEmpty();
  }

  /// Its reason may be gone in minutes, and the schedule comes once a day.
  @Test
  void whatStoodAgainstItIsLookedAtAgainSoon() {
    ObjectKey hold = LAYOUT.holds().key("h.json");
    put(hold, "{".getBytes(UTF_8));
    RetentionWatch watch = watch();
    watch.scheduled();
    watch.look();
    assertThat(problem().orElseThrow())
        .startsWith("nothing is deleted: the hold " + hold + " cannot be understood");

    store.delete(List.of(hold));
    watch.look();
    assertThat(problem()).as("not each five seconds").isPresent();

    clock.advance(Duration.ofMinutes(5));
    watch.look();
    assertThat(problem()).isEmpty();
    assertThat(store.head(OLD_SEGMENT)).isEmpty();
  }

  /// An outage must not be told of for minutes after its end.
  @Test
  void aStoreThatWasAwayIsAskedAgainWithinSeconds() {
    RetentionWatch watch = watch();
    away = true;
    watch.look();
    assertThat(problem()).contains("the store is away");

    away = false;
    clock.advance(Duration.ofSeconds(20));
    watch.look();
    assertThat(problem()).isEmpty();
  }

  @Test
  void aConflictOfTheLineageIsLookedAtAgainSoonToo() {
    problems.report(Problems.About.TIMELINE, Problem.refused("two servers write", "Look."));
    RetentionWatch watch = watch();
    watch.scheduled();
    watch.look();
    assertThat(problem()).contains("nothing is deleted: two servers write");

    problems.clear(Problems.About.TIMELINE);
    clock.advance(Duration.ofMinutes(5));
    watch.look();
    assertThat(problem()).isEmpty();
    assertThat(store.head(OLD_SEGMENT)).isEmpty();
  }

  @Test
  void aDamagedSentinelIsAProblemUntilItIsMended() {
    byte[] content = GoldenArchive.bytes(FULL.value().substring(LAYOUT.prefix().path().length()));
    replace("{\"LSN\":".getBytes(UTF_8));
    RetentionWatch watch = watch();
    watch.look();
    assertThat(problem().orElseThrow())
        .startsWith(GoldenArchive.FULL + " cannot be read, so it stays for ever with all WAL");
    assertThat(watch.view().orElseThrow().unreadable()).isOne();

    replace(content);
    clock.advance(Duration.ofMinutes(5));
    watch.look();
    assertThat(problem()).isEmpty();
    assertThat(watch.view().orElseThrow().unreadable()).isZero();
  }

  private void replace(byte[] content) {
    store.delete(List.of(FULL));
    put(FULL, content);
  }

  private void put(ObjectKey key, byte[] content) {
    store.create(key, content, Map.of());
  }

  private Optional<String> problem() {
    return problems.about(Problems.About.RETENTION).map(Problem::message);
  }

  private RetentionWatch watch() {
    return new RetentionWatch(
        new ConfigLoader(Map.of())
            .parse(
                "test",
                """
            cluster: { name: orders }
            storage: { url: "s3://backups" }
            retention: { keepFull: 1, window: 1s }
            """),
        store,
        ObjectCipher.NONE,
        () -> lineage,
        () -> true,
        () -> false,
        problems,
        clock);
  }

  private ProtectedLineage read() {
    ClusterId cluster = new ClusterId("default", "orders");
    LineageUid uid = new LineageUid("u");
    var newest =
        new Catalog(store)
            .read(new Lineage(cluster, uid, LAYOUT.prefix(), Optional.empty()))
            .newestSegment()
            .orElseThrow();
    return new ProtectedLineage(
        new Identity(cluster, uid, newest.systemIdentifier(), Optional.empty()),
        new Claim(
            cluster,
            uid,
            newest.systemIdentifier(),
            new ServerVersion(150000),
            WalSegmentSize.DEFAULT,
            Optional.empty(),
            clock.instant()),
        LAYOUT);
  }
}
