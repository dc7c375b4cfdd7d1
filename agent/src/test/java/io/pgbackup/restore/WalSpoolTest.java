package io.pgbackup.restore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Collections.newSetFromMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.postgres.process.Trees;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.EnterableTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalSpoolTest {
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);
  private static final WalSpool.Limits LIMITS =
      new WalSpool.Limits(3, Duration.ofMillis(300), Duration.ofMillis(20));

  private final ServerUser user = ServerUser.forNewDirectory();
  private final ScriptedEngine engine = new ScriptedEngine();

  @TempDir(factory = EnterableTempDir.class)
  Path folder;

  Path destination;

  @BeforeEach
  void makeDataDirectory() throws IOException {
    Path data = Files.createDirectory(folder.resolve("data"));
    user.own(data);
    destination = data.resolve("RECOVERYXLOG");
  }

  @AfterEach
  void leaveNothingRunning() {
    engine.release();
  }

  @Test
  void handsOverASegmentAndItsBytes() throws Exception {
    engine.put(segment(1), "one");
    try (WalSpool spool = open(segment(1))) {
      assertThat(restore(spool, segment(1).fileName())).isZero();

      assertThat(destination).hasContent("one");
      Awaitility.await().untilAsserted(() -> assertThat(spool.delivered()).isEqualTo(1));
      assertThat(spool.failure()).isEmpty();
    }
  }

  @Test
  void worksInAFolderWhoseNameAShellWouldTakeApart() throws Exception {
    folder = Files.createDirectory(folder.resolve("it's 100% $HOME \"x\""));
    engine.put(segment(1), "one");
    try (WalSpool spool = open(segment(1))) {
      assertThat(restore(spool, segment(1).fileName())).isZero();
      assertThat(destination).hasContent("one");
    }
  }

  /// A segment that recovery did not ask for any more is taken back in the moment in which it asks
  /// for it again, as it does with the last one at the end of WAL.
  @Test
  void aSegmentThatWasTakenBackJustNowIsAskedForAgain() throws Exception {
    engine.put(segment(1), "one");
    Path programs = Files.createDirectory(folder.resolve("programs"));
    Path mv =
        Files.writeString(
            programs.resolve("mv"),
            """
            #!/bin/sh
            if ! test -e "${0%%/*}/taken"; then
              : > "${0%%/*}/taken"
              rm -f "$2"
            fi
            exec /bin/mv "$@"
            """
                .replace("%%", "%"));
    Files.setPosixFilePermissions(mv, PosixFilePermissions.fromString("rwxr-xr-x"));
    user.own(programs);
    try (WalSpool spool = open(segment(1))) {
      String path = "PATH='" + programs + "':$PATH; export PATH; ";
      assertThat(run(path + spool.restoreCommand(), segment(1).fileName())).isZero();

      assertThat(destination).hasContent("one");
      assertThat(programs.resolve("taken")).exists();
    }
  }

  /// P24.
  @Test
  void answersOneOnlyForProvenAbsence() throws Exception {
    engine.put(segment(1), "one");
    try (WalSpool spool = open(segment(1))) {
      assertThat(restore(spool, segment(2).fileName())).isEqualTo(1);

      assertThat(destination).doesNotExist();
      assertThat(spool.failure()).isEmpty();
      engine.put(segment(2), "two");
      assertThat(restore(spool, segment(2).fileName())).isZero();
    }
  }

  @Test
  void aListedSegmentThatIsGoneIsAFailureAndNotTheEndOfWal() throws Exception {
    try (WalSpool spool = open(segment(1), segment(2))) {
      assertThat(restore(spool, segment(1).fileName())).isEqualTo(126);

      assertThat(spool.failure().orElseThrow()).hasMessageContaining(segment(1).fileName());
    }
  }

  @Test
  void anOutageIsWaitedOutAndThenStopsRecovery() throws Exception {
    engine.put(segment(1), "one");
    engine.failures.set(2);
    try (WalSpool spool = open(segment(1))) {
      assertThat(restore(spool, segment(1).fileName())).isZero();
      engine.failures.set(Integer.MAX_VALUE);
      assertThat(restore(spool, segment(2).fileName())).isEqualTo(126);

      assertThat(spool.failure().orElseThrow().problem()).isInstanceOf(Problem.StorageFailed.class);
    }
  }

  @Test
  void aDeadRunnerStopsRecovery() throws Exception {
    String command;
    try (WalSpool spool = open(segment(1))) {
      command = spool.restoreCommand();
    }
    assertThat(run(command, segment(1).fileName())).isEqualTo(126);

    // Killed, it would have left its last sign of life.
    Files.writeString(folder.resolve("spool/alive"), "7\n");
    assertThat(run(command, segment(1).fileName())).isEqualTo(126);
  }

  @Test
  void aSpoolThatIsGoneStopsRecovery() throws Exception {
    String command;
    try (WalSpool spool = open(segment(1))) {
      command = spool.restoreCommand();
    }
    Trees.delete(folder.resolve("spool"));

    assertThat(run(command, segment(1).fileName())).isEqualTo(126);
  }

  @Test
  void aDestinationThatCannotBeWrittenStopsRecovery() throws Exception {
    engine.put(segment(1), "one");
    try (WalSpool spool = open(segment(1))) {
      destination = folder.resolve("no/such/folder/RECOVERYXLOG");

      assertThat(restore(spool, segment(1).fileName())).isEqualTo(126);
    }
  }

  /// P9.
  @Test
  void historyOffThePathIsNeverServed() throws Exception {
    engine.put("00000002.history", "1\t0/200000\tx\n");
    engine.put("00000003.history", "astray");
    try (WalSpool spool =
        WalSpool.open(
            folder.resolve("spool"),
            user,
            engine,
            TimelineHistory.parse(new Timeline(2), "1\t0/200000\tx\n"),
            new TreeSet<>(List.of(segment(1))),
            SIZE,
            LIMITS)) {
      assertThat(restore(spool, "00000002.history")).isZero();
      assertThat(restore(spool, "00000003.history")).isEqualTo(1);
    }
  }

  @Test
  void fetchesAheadOfDemandAndNeverMoreThanAllowed() throws Exception {
    WalSegment[] all =
        IntStream.range(0, 12).mapToObj(WalSpoolTest::segment).toArray(WalSegment[]::new);
    Arrays.stream(all).forEach(segment -> engine.put(segment, segment.fileName()));
    try (WalSpool spool = open(all)) {
      assertThat(restore(spool, all[0].fileName())).isZero();
      Awaitility.await()
          .untilAsserted(
              () ->
                  assertThat(folder.resolve("spool/have").toFile().list())
                      .containsExactlyInAnyOrder(
                          all[1].fileName(), all[2].fileName(), all[3].fileName()));
      assertThat(engine.asked).hasSize(4);

      for (int index = 1; index < all.length; index++) {
        assertThat(restore(spool, all[index].fileName())).isZero();
        assertThat(destination).hasContent(all[index].fileName());
      }
      assertThat(engine.asked).doesNotHaveDuplicates();
    }
  }

  @Test
  void aJumpBackwardsIsServedToo() throws Exception {
    WalSegment[] all =
        IntStream.range(0, 8).mapToObj(WalSpoolTest::segment).toArray(WalSegment[]::new);
    Arrays.stream(all).forEach(segment -> engine.put(segment, segment.fileName()));
    try (WalSpool spool = open(all)) {
      for (int index : new int[] {5, 1, 2, 3, 4, 5, 6, 7}) {
        assertThat(restore(spool, all[index].fileName())).isZero();
        assertThat(destination).hasContent(all[index].fileName());
      }
    }
  }

  /// Recovery through a month of WAL takes no more memory than through an hour.
  @Test
  void theMemoryOfASegmentThatWasHandedOverServesLaterOnes() throws Exception {
    WalSegment[] all =
        IntStream.range(0, 12).mapToObj(WalSpoolTest::segment).toArray(WalSegment[]::new);
    Arrays.stream(all).forEach(segment -> engine.put(segment, segment.fileName()));
    try (WalSpool spool = open(all)) {
      for (WalSegment segment : all) {
        assertThat(restore(spool, segment.fileName())).isZero();
        assertThat(destination).hasContent(segment.fileName());
      }
      assertThat(engine.lent).isNotEmpty().hasSizeLessThan(all.length);
    }
  }

  @Test
  void aNameThatIsNoWalFileIsNotAnswered() throws Exception {
    try (WalSpool spool = open(segment(1))) {
      assertThat(restore(spool, "../../etc/passwd")).isEqualTo(126);
      assertThat(engine.asked).isEmpty();
    }
  }

  private WalSpool open(WalSegment... listed) {
    return WalSpool.open(
        folder.resolve("spool"),
        user,
        engine,
        TimelineHistory.root(Timeline.FIRST),
        new TreeSet<>(List.of(listed)),
        SIZE,
        LIMITS);
  }

  /// As PostgreSQL would run it, as its user.
  private int restore(WalSpool spool, String name) throws Exception {
    return run(spool.restoreCommand(), name);
  }

  private int run(String restoreCommand, String name) throws Exception {
    String command =
        restoreCommand
            .replace("%f", name)
            .replace("%p", destination.toString().replace("\"", "\\\"").replace("$", "\\$"))
            .replace("%%", "%");
    Process process =
        new ProcessBuilder(user.command(List.of("/bin/sh", "-c", command)))
            .directory(Path.of("/").toFile())
            .redirectErrorStream(true)
            .start();
    process.getInputStream().readAllBytes();
    return process.waitFor();
  }

  private static WalSegment segment(int number) {
    return new WalSegment(Timeline.FIRST, new Lsn((long) number * SIZE.bytes()), SIZE);
  }

  /// An archive in memory that fails on demand.
  private static final class ScriptedEngine implements WalEngine {
    final Map<String, byte[]> files = new ConcurrentHashMap<>();
    final AtomicInteger failures = new AtomicInteger();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final Set<byte[]> lent = Collections.synchronizedSet(newSetFromMap(new IdentityHashMap<>()));

    void put(WalSegment segment, String content) {
      put(segment.fileName(), content);
    }

    void put(String name, String content) {
      files.put(name, content.getBytes(UTF_8));
    }

    void release() {
      failures.set(0);
    }

    @Override
    public Pushed push(WalFileName name, byte[] content) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Optional<byte[]> fetch(WalFileName name) {
      asked.add(name.text());
      if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw Problem.storageUnavailable("the store does not answer", "Wait.").asException();
      }
      return Optional.ofNullable(files.get(name.text()));
    }

    @Override
    public Optional<byte[]> fetch(WalFileName name, IntFunction<byte[]> memory) {
      return fetch(name).map(content -> copy(content, memory.apply(content.length)));
    }

    private byte[] copy(byte[] content, byte[] to) {
      lent.add(to);
      System.arraycopy(content, 0, to, 0, content.length);
      return to;
    }
  }
}
