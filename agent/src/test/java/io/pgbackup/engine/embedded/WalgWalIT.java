package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// WAL that we archive is read by stock wal-g, and WAL that it archives by us.
class WalgWalIT {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("c1/uid/18"));
  private static final WalFileName SEGMENT = WalFileName.parse("000000010000000000000005");

  @TempDir private Path folder;
  private FileObjectStore store;
  private StockWalg walg;
  private Path walDirectory;

  @BeforeEach
  void archive() throws Exception {
    Path root = Files.createDirectories(folder.resolve("store"));
    Path prefix = Files.createDirectories(root.resolve("c1/uid/18"));
    walDirectory = folder.resolve("data/pg_wal");
    Files.createDirectories(walDirectory.resolve("archive_status"));
    store = FileObjectStore.open(root);
    walg =
        StockWalg.over(prefix)
            .with("PGDATA", folder.resolve("data").toString())
            .with("WALG_DOWNLOAD_CONCURRENCY", "1")
            .with("WALG_UPLOAD_CONCURRENCY", "1");
  }

  /// LZMA, at which wal-g takes a second for each MiB, is seen to with encryption.
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LZMA")
  void walgFetchesWhatWePush(Codec codec) throws Exception {
    byte[] segment = segment();
    engine(codec).push(SEGMENT, segment);

    Path fetched = folder.resolve("fetched");
    walg.run("wal-fetch", SEGMENT.text(), fetched.toString()).succeeded();

    assertThat(fetched).hasBinaryContent(segment);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00000002.history",
        "000000010000000000000005.partial",
        "000000010000000000000005.00000028.backup"
      })
  void walgFetchesOurSmallFiles(String name) throws Exception {
    byte[] content = "1\t0/5000000\tno recovery target specified\n".getBytes(UTF_8);
    engine(Codec.ZSTD).push(WalFileName.parse(name), content);

    Path fetched = folder.resolve("fetched");
    walg.run("wal-fetch", name, fetched.toString()).succeeded();

    assertThat(fetched).hasBinaryContent(content);
  }

  @Test
  void bothSayWhatIsNotThere() throws Exception {
    engine(Codec.LZ4).push(SEGMENT, segment());

    assertThat(
            walg.run("wal-fetch", "000000010000000000000006", folder.resolve("fetched").toString())
                .status())
        .isEqualTo(74);
    assertThat(engine(Codec.LZ4).fetch(WalFileName.parse("000000010000000000000006"))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"GZIP", "LZMA"})
  void weFetchWhatWalgPushes(Codec codec) throws Exception {
    byte[] segment = segment();
    byte[] history = "1\t0/5000000\tno recovery target specified\n".getBytes(UTF_8);
    WalFileName historyFile = WalFileName.parse("00000002.history");

    walgPushes(codec, SEGMENT, segment);
    walgPushes(codec, historyFile, history);

    assertThat(engine(Codec.LZ4).fetch(SEGMENT)).hasValue(segment);
    assertThat(engine(Codec.LZ4).fetch(historyFile)).hasValue(history);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"GZIP", "LZMA"})
  void whatWalgPushedIsTheSameOrRefused(Codec codec) throws Exception {
    byte[] segment = segment();
    walgPushes(codec, SEGMENT, segment);

    assertThat(engine(Codec.LZ4).push(SEGMENT, segment)).isEqualTo(Pushed.ALREADY_STORED);
    segment[12345]++;
    assertThatThrownBy(() -> engine(Codec.LZ4).push(SEGMENT, segment))
        .hasMessageContaining("already holds other content");
  }

  @Test
  void walgFindsOurHistoryFileAlreadyArchived() throws Exception {
    byte[] history = "1\t0/5000000\tno recovery target specified\n".getBytes(UTF_8);
    WalFileName name = WalFileName.parse("00000002.history");
    engine(Codec.ZSTD).push(name, history);

    walgPushes(Codec.LZ4, name, history);

    history[0] = '9';
    Files.write(walDirectory.resolve(name.text()), history);
    assertThat(walg.run("wal-push", walDirectory.resolve(name.text()).toString()).status())
        .isEqualTo(1);
  }

  private void walgPushes(Codec codec, WalFileName name, byte[] content) throws Exception {
    Path file = Files.write(walDirectory.resolve(name.text()), content);
    walg.writing(codec).run("wal-push", file.toString()).succeeded();
  }

  private EmbeddedWalEngine engine(Codec codec) {
    return new EmbeddedWalEngine(store, LAYOUT, codec, Optional.of(WalSegmentSize.DEFAULT));
  }

  /// Half of it compresses, half does not.
  private static byte[] segment() {
    byte[] content = new byte[WalSegmentSize.DEFAULT.bytes()];
    byte[] noise = new byte[content.length / 2];
    new Random(5).nextBytes(noise);
    System.arraycopy(noise, 0, content, 0, noise.length);
    return content;
  }
}
