package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.config.PgBackupConfig.KeyTransform;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.encryption.Encryption;
import io.pgbackup.engine.WalEngine.Pushed;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.TestKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What we encrypt is fetched by stock wal-g, and what it encrypts by us: every codec that it
/// writes with every cipher, at the lengths where chunks end.
class WalgEncryptionIT {
  private static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("c1/uid/18"));

  /// Its size is nobody's business but its writer's.
  private static final String NAME = "0000000100000000000000%02X.partial";

  private static final List<Integer> LENGTHS = List.of(1, 8191, 8192, 8193, 16384, 300_000);

  @TempDir private Path folder;
  private FileObjectStore store;
  private StockWalg walg;
  private TestKeys keys;
  private Path walDirectory;

  @BeforeEach
  void archive() throws Exception {
    Path root = Files.createDirectories(folder.resolve("store"));
    Path prefix = Files.createDirectories(root.resolve("c1/uid/18"));
    walDirectory = folder.resolve("data/pg_wal");
    Files.createDirectories(walDirectory.resolve("archive_status"));
    store = FileObjectStore.open(root);
    keys = new TestKeys(folder);
    walg =
        StockWalg.over(prefix)
            .with("PGDATA", folder.resolve("data").toString())
            .with("WALG_DOWNLOAD_CONCURRENCY", "1")
            .with("WALG_UPLOAD_CONCURRENCY", "1");
  }

  @AfterEach
  void close() {
    if (store != null) {
      store.close();
    }
  }

  static Stream<Arguments> ways() {
    List<Arguments> ways = new ArrayList<>();
    for (Codec codec : List.of(Codec.LZ4, Codec.BROTLI, Codec.ZSTD, Codec.LZMA, Codec.NONE)) {
      for (Sealing sealing : Sealing.values()) {
        ways.add(Arguments.of(codec, sealing));
      }
    }
    return ways.stream();
  }

  @ParameterizedTest
  @MethodSource("ways")
  void bothFetchWhatTheOtherPushed(Codec codec, Sealing sealing) throws Exception {
    sealing.walg(keys).forEach(walg::with);
    EmbeddedWalEngine engine = engine(codec, sealing.cipher(keys));

    for (int i = 0; i < LENGTHS.size(); i++) {
      WalFileName ours = WalFileName.parse(NAME.formatted(i));
      WalFileName its = WalFileName.parse(NAME.formatted(64 + i));
      byte[] content = content(LENGTHS.get(i));
      engine.push(ours, content);
      Path file = Files.write(walDirectory.resolve(its.text()), content);
      walg.writing(codec).run("wal-push", file.toString()).succeeded();

      Path fetched = folder.resolve("fetched-" + i);
      walg.run("wal-fetch", ours.text(), fetched.toString()).succeeded();

      assertThat(fetched).hasBinaryContent(content);
      assertThat(engine.fetch(its)).hasValue(content);
      assertThat(engine.push(its, content)).isEqualTo(Pushed.ALREADY_STORED);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NONE, any text of twenty-five bytes or more and then some more",
    "NONE, exactly twenty-five bytes",
    "HEX, 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "BASE64, ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8="
  })
  void bothTakeAKeyFromItsTextAlike(KeyTransform transform, String text) throws Exception {
    WalFileName name = WalFileName.parse(NAME.formatted(1));
    ObjectCipher cipher = Encryption.open(keys.libsodium(keys.file("key", text + "\n"), transform));
    engine(Codec.ZSTD, cipher).push(name, content(1000));

    Path fetched = folder.resolve("fetched");
    walg.with("WALG_LIBSODIUM_KEY_PATH", folder.resolve("key").toString())
        .with("WALG_LIBSODIUM_KEY_TRANSFORM", transform.name().toLowerCase(Locale.ROOT))
        .run("wal-fetch", name.text(), fetched.toString())
        .succeeded();

    assertThat(fetched).hasBinaryContent(content(1000));
  }

  private EmbeddedWalEngine engine(Codec codec, ObjectCipher cipher) {
    return new EmbeddedWalEngine(store, LAYOUT, new Packing(codec, cipher), Optional.empty());
  }

  /// Half of it compresses, half does not.
  private static byte[] content(int length) {
    byte[] content = new byte[length];
    byte[] noise = new byte[(length + 1) / 2];
    new Random(length).nextBytes(noise);
    System.arraycopy(noise, 0, content, 0, noise.length);
    return content;
  }
}
