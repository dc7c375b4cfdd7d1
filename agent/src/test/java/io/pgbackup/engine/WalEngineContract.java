package io.pgbackup.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.testing.TestArchive;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every engine does with WAL, over a real store.
public abstract class WalEngineContract {
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000005");
  private static final WalFileName HISTORY = WalFileName.parse("00000002.history");
  private static final byte[] WAY = "1\t0/5000000\tno recovery target\n".getBytes(UTF_8);

  private final TestArchive.Kind kind;
  @TempDir private Path folder;
  private TestArchive archive;
  private WalEngine engine;

  protected WalEngineContract(TestArchive.Kind kind) {
    this.kind = kind;
  }

  /// The engine under test, which writes lz4. Opened once for each test.
  protected abstract WalEngine open(TestArchive archive) throws Exception;

  @BeforeEach
  void openEngine() throws Exception {
    archive = TestArchive.create(kind, folder);
    engine = open(archive);
  }

  @AfterEach
  void closeArchive() {
    if (archive != null) {
      archive.close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "000000010000000000000005",
        "000000010000000000000005.partial",
        "000000010000000000000005.00000028.backup"
      })
  void aFileComesBackAsItWasPushed(String name) {
    WalFileName file = WalFileName.parse(name);

    assertThat(engine.push(file, segment(1))).isEqualTo(Pushed.STORED);

    assertThat(engine.fetch(file)).hasValue(segment(1));
    assertThat(embedded().fetch(file)).hasValue(segment(1));
    assertThat(archive.store().list("").map(object -> object.key().name()))
        .containsExactly(name + ".lz4");
  }

  /// P3.
  @Test
  void aHistoryFileStaysWhatItIs() {
    assertThat(engine.push(HISTORY, WAY)).isEqualTo(Pushed.STORED);

    assertThat(engine.push(HISTORY, WAY)).isEqualTo(Pushed.ALREADY_STORED);
    assertRefused(HISTORY, "1\t0/6000000\tother\n".getBytes(UTF_8), "already holds other content");
    assertThat(engine.fetch(HISTORY)).hasValue(WAY);
  }

  @Test
  void theSameAgainIsAlreadyStored() {
    engine.push(SEGMENT, segment(1));

    assertThat(engine.push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
  }

  /// P1.
  @Test
  void otherContentIsRefusedAndTheFirstStays() {
    engine.push(SEGMENT, segment(1));

    assertRefused(SEGMENT, segment(2), "already holds other content");
    assertThat(engine.fetch(SEGMENT)).hasValue(segment(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"LZ4", "ZSTD", "NONE"})
  void whatTheOtherEngineStoredIsTheSameOrRefusedWhateverItsCodec(String codec) {
    new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.valueOf(codec), Optional.empty())
        .push(SEGMENT, segment(1));

    assertThat(engine.push(SEGMENT, segment(1))).isEqualTo(Pushed.ALREADY_STORED);
    assertRefused(SEGMENT, segment(2), "already holds other content");
    assertThat(engine.fetch(SEGMENT)).hasValue(segment(1));
  }

  @Test
  void whatCannotBeReadCannotBeCompared() {
    create("wal_005/" + SEGMENT.text() + ".lz4", new byte[1234]);

    assertRefused(SEGMENT, segment(1), "cannot compare");
    assertThatThrownBy(() -> engine.fetch(SEGMENT)).isInstanceOf(PgBackupException.class);
  }

  @Test
  void absenceIsWhatTheListingProves() {
    create("wal_005/000000010000000000000005.partial.lz4", Codec.LZ4.compress(segment(1)));
    create("wal_005/000000010000000000000005.json", new byte[9]);

    assertThat(engine.fetch(SEGMENT)).isEmpty();
    assertThat(engine.push(SEGMENT, segment(2))).isEqualTo(Pushed.STORED);
  }

  @Test
  void severalMayBeSentAtATime() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Pushed>> pushed =
          threads.invokeAll(
              IntStream.range(16, 24)
                  .mapToObj(
                      number ->
                          (Callable<Pushed>) () -> engine.push(numbered(number), segment(number)))
                  .toList());
      for (Future<Pushed> each : pushed) {
        assertThat(each.get()).isEqualTo(Pushed.STORED);
      }
    }
    for (int number = 16; number < 24; number++) {
      assertThat(engine.fetch(numbered(number))).hasValue(segment(number));
    }
  }

  private static WalFileName numbered(int number) {
    return WalFileName.parse("0000000100000000000000%02X".formatted(number));
  }

  private EmbeddedWalEngine embedded() {
    return new EmbeddedWalEngine(archive.store(), archive.layout(), Codec.LZ4, Optional.empty());
  }

  private void create(String path, byte[] content) {
    archive
        .store()
        .create(new ObjectKey(archive.layout().prefix().path() + path), content, Map.of());
  }

  private void assertRefused(WalFileName name, byte[] content, String reason) {
    assertThatThrownBy(() -> engine.push(name, content))
        .hasMessageContaining(reason)
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class));
  }

  /// Half of it is rubbish, so that neither compression nor its absence is a special case.
  private static byte[] segment(int seed) {
    byte[] content = new byte[1 << 20];
    byte[] rubbish = new byte[1 << 19];
    new Random(seed).nextBytes(rubbish);
    System.arraycopy(rubbish, 0, content, 0, rubbish.length);
    return content;
  }
}
