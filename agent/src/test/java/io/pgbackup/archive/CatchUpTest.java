package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CatchUpTest {
  private static final int PLACES = 4;

  @TempDir private Path folder;

  private final MemoryWalEngine engine = new MemoryWalEngine();
  private final List<String> admitted = Collections.synchronizedList(new ArrayList<>());
  private final TransferSlots slots = new TransferSlots(PLACES);
  private WalArchiver archiver =
      new WalArchiver(
          (name, _, _) -> admitted.add(name.text()),
          engine,
          new Retry(Duration.ZERO, Duration.ofMillis(1)),
          Clock.systemUTC());
  private CatchUp catchUp = new CatchUp(archiver, new PgWal(Path.of("set in begin")), slots);

  @BeforeEach
  void begin() throws IOException {
    Files.createDirectories(folder.resolve("pg_wal/archive_status"));
    catchUp = new CatchUp(archiver, new PgWal(folder), slots);
  }

  @AfterEach
  void end() {
    engine.gate.countDown();
    catchUp.close();
    assertThat(slots.drain(Duration.ofSeconds(30))).as("every place is free again").isTrue();
  }

  private static String name(int number) {
    return "0000000100000000000000%02X".formatted(number);
  }

  private static byte[] content(int number) {
    return new byte[] {(byte) number, 2, 3};
  }

  private void waits(String name, byte[] content, String mark) throws IOException {
    Files.write(folder.resolve("pg_wal").resolve(name), content);
    Files.createFile(folder.resolve("pg_wal/archive_status").resolve(name + mark));
  }

  private List<Path> marks() throws IOException {
    try (var files = Files.list(folder.resolve("pg_wal/archive_status"))) {
      return files.sorted().toList();
    }
  }

  private void wait(int from, int to) throws IOException {
    for (int number = from; number <= to; number++) {
      waits(name(number), content(number), ".ready");
    }
  }

  private Pushed push(int number, byte[] content) {
    return archiver.push(WalFileName.parse(name(number)), content, Optional.empty());
  }

  private void behind(int number) {
    catchUp.behind(WalFileName.parse(name(number)));
  }

  private static List<String> names(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(CatchUpTest::name).toList();
  }

  /// P12.
  @Test
  void whatWaitsIsStoredBeforePostgresAsks() throws IOException {
    wait(1, 12);
    push(1, content(1));
    List<Path> marks = marks();

    behind(1);

    await().untilAsserted(() -> assertThat(engine.files).containsOnlyKeys(names(1, 12)));
    assertThat(marks()).as("only PostgreSQL says what it has archived").isEqualTo(marks);
    assertThat(admitted).as("in order, as the fence wants").isEqualTo(names(1, 12));
    for (int number = 2; number <= 12; number++) {
      assertThat(push(number, content(number))).isEqualTo(Pushed.STORED);
    }
    assertThat(engine.pushes).hasValue(12);
    assertThat(archiver.status().archived()).as("PostgreSQL's view").isEqualTo(12);
    assertThat(archiver.status().alreadyStored()).isZero();
  }

  /// P21.
  @Test
  void severalAreStoredAtOnceAndRoomStaysForPostgres() throws IOException {
    wait(1, 20);
    push(1, content(1));
    engine.gate = new CountDownLatch(1);

    behind(1);

    await().until(() -> engine.waiting.get() == PLACES - 1);
    try (TransferSlots.Slot own = slots.take(1, Duration.ofSeconds(10))) {
      assertThat(own).isNotNull();
      assertThat(engine.waiting).hasValue(PLACES - 1);
    }
    engine.gate.countDown();
    await().untilAsserted(() -> assertThat(engine.files).hasSize(20));
  }

  @Test
  void aFileThatIsAskedForUnderWayIsAwaited() throws Exception {
    wait(1, 3);
    push(1, content(1));
    engine.gate = new CountDownLatch(1);
    behind(1);
    await().until(() -> engine.waiting.get() == 2);

    Thread asking = Thread.ofVirtual().start(() -> push(2, content(2)));

    await().until(() -> archiver.status().underWay() == 1);
    assertThat(asking.isAlive()).isTrue();
    engine.gate.countDown();
    asking.join();
    assertThat(archiver.status().archived()).isEqualTo(2);
    assertThat(engine.pushes).hasValue(3);
  }

  /// Never by name alone: what PostgreSQL sends decides.
  @Test
  void otherContentThanWasStoredAheadIsRefused() throws IOException {
    wait(1, 3);
    push(1, content(1));
    behind(1);
    await().untilAsserted(() -> assertThat(engine.files).hasSize(3));

    assertThatThrownBy(() -> push(2, content(99)))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class));
  }

  @Test
  void aFailureEndsTheRoundAndPostgresAsksByItself() throws IOException {
    wait(1, 10);
    push(1, content(1));
    engine.failuresToCome = 100;

    behind(1);

    await().until(() -> engine.pushes.get() > 1 && engine.failuresToCome <= 97);
    engine.failuresToCome = 0;
    assertThat(archiver.status().failed()).as("nobody asked").isZero();
    for (int number = 2; number <= 10; number++) {
      push(number, content(number));
    }
    assertThat(engine.files).containsOnlyKeys(names(1, 10));
  }

  @Test
  void onlyWhatPostgresFinishedOnThisTimelineIsTaken() throws IOException {
    waits(name(1), content(1), ".ready");
    waits(name(2), content(2), ".done");
    waits(name(3), content(3), ".ready");
    waits(name(5), content(5), ".ready");
    waits("000000020000000000000006", content(6), ".ready");
    waits("00000002.history", content(7), ".ready");
    waits(name(8) + ".partial", content(8), ".ready");
    Files.write(folder.resolve("pg_wal").resolve(name(4)), content(4));
    push(1, content(1));

    behind(1);

    await().untilAsserted(() -> assertThat(engine.files).hasSize(3));
    assertThat(engine.files).containsOnlyKeys(name(1), name(3), name(5));
  }

  @Test
  void aSingleFileIsLeftToPostgres() throws IOException {
    wait(1, 2);
    push(1, content(1));

    behind(1);
    push(2, content(2));

    assertThat(admitted).isEqualTo(names(1, 2));
  }

  @Test
  void whatTheFenceRefusesIsNotStored() throws IOException {
    archiver =
        new WalArchiver(
            (name, _, _) -> {
              if (name.text().equals(name(3))) {
                throw Problem.refused("not ours", "Look.").asException();
              }
              admitted.add(name.text());
            },
            engine,
            new Retry(Duration.ZERO, Duration.ofMillis(1)),
            Clock.systemUTC());
    catchUp = new CatchUp(archiver, new PgWal(folder), slots);
    wait(1, 6);
    push(1, content(1));

    behind(1);

    await().untilAsserted(() -> assertThat(engine.files).containsOnlyKeys(names(1, 2)));
    assertThat(archiver.status().refused()).isZero();
  }
}
