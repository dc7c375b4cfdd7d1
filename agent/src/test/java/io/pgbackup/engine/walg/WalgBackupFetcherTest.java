package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.engine.BackupFetcher;
import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.testing.TestArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A wal-g that brings back whatever it finds and calls it a success, played by a stand-in: the
/// chain is checked around it.
class WalgBackupFetcherTest {
  private static final BackupName FULL = new BackupName("base_000000010000000000000002");
  private static final BackupName DELTA =
      new BackupName("base_000000010000000000000005_D_000000010000000000000002");
  private static final String LISTS = "{\"Files\":{\"/PG_VERSION\":{},\"/base/1\":{}}}";
  private static final String DELTA_LISTS =
      "{\"Files\":{\"/PG_VERSION\":{},\"/base/1\":{\"IsSkipped\":true}}}";

  @TempDir private Path folder;
  private TestArchive archive;
  private String does;

  // opened by each test
  @SuppressWarnings("NullAway.Init")
  private @Nullable Walg walg;

  @BeforeEach
  void archive() {
    archive = TestArchive.create(TestArchive.Kind.DIRECTORY, folder);
    does =
        """
        touch "%s/asked"
        mkdir "$2/global" "$2/base"
        for file in PG_VERSION global/pg_control backup_label base/1; do echo x >"$2/$file"; done
        """
            .formatted(folder);
    backup(FULL, "", LISTS);
    backup(
        DELTA,
        "\"DeltaLSN\":1,\"DeltaFrom\":\"%1$s\",\"DeltaFullName\":\"%1$s\",\"DeltaCount\":1,"
            .formatted(FULL),
        DELTA_LISTS);
  }

  @AfterEach
  void close() {
    if (walg != null) {
      walg.close();
    }
    archive.close();
  }

  @Test
  void aChainThatIsWholeComesByWalg() throws IOException {
    FetchedBackup fetched = fetch(DELTA);

    assertThat(fetched.files()).isEqualTo(4);
    assertThat(fetched.missing()).isEmpty();
    assertThat(folder.resolve("asked")).exists();
  }

  @Test
  void aDeltaWithoutItsListIsRefusedBeforeAnythingIsFetched() throws IOException {
    remove(archive.layout().filesMetadata(DELTA));

    assertRefused("it is a delta without files_metadata.json");
  }

  @Test
  void aFileThatTheFullBackupLacksIsRefusedBeforeAnythingIsFetched() throws IOException {
    remove(archive.layout().filesMetadata(FULL));
    put(archive.layout().filesMetadata(FULL), "{\"Files\":{\"/PG_VERSION\":{}}}");

    assertRefused("/base/1 should be in " + FULL + " and is not");
  }

  @Test
  void aBackupThatLostATarIsRefusedBeforeAnythingIsFetched() throws IOException {
    remove(archive.layout().filesMetadata(FULL));
    put(
        archive.layout().filesMetadata(FULL),
        LISTS.substring(0, LISTS.length() - 1) + ",\"TarFileSets\":{\"part_002.tar.lz4\":[]}}");

    assertRefused("[part_002.tar.lz4] missing");
  }

  @Test
  void aFileOfAnOlderBackupThatDidNotComeIsDamage() throws IOException {
    does += "rm \"$2/base/1\"\n";

    assertThat(failure(DELTA).message()).contains("/base/1 is in no tar of " + FULL);
  }

  @Test
  void aListedFileThatDidNotComeIsTold() throws IOException {
    does += "rm \"$2/base/1\"\n";

    assertThat(fetch(FULL).missing()).containsExactly("base/1");
  }

  @Test
  void aBackupWithAManifestIsLeftToWhoComparesWithIt() throws IOException {
    put(archive.layout().manifest(FULL), "the embedded engine reads it");

    assertThat(fetch(FULL).matchesManifest()).isTrue();
    assertThat(folder.resolve("asked")).doesNotExist();
  }

  @Test
  void tablespacesThatTheSentinelDoesNotKnowAreLeftToWhoCanPlaceThem() throws IOException {
    FetchTarget target =
        new FetchTarget(folder.resolve("data"), Map.of("16402", folder.resolve("space")), _ -> {});

    assertThat(fetcher().fetch(FULL, target, _ -> {}).matchesManifest()).isTrue();
    assertThat(folder.resolve("asked")).doesNotExist();
  }

  private void assertRefused(String reason) throws IOException {
    Problem problem = failure(DELTA);

    assertThat(problem).isInstanceOf(Problem.VerificationFailed.class);
    assertThat(problem.message()).contains(reason);
    assertThat(folder.resolve("asked")).doesNotExist();
  }

  private Problem failure(BackupName name) throws IOException {
    BackupFetcher fetcher = fetcher();
    FetchTarget target = new FetchTarget(folder.resolve("data"), _ -> {});
    return Optional.ofNullable(
            catchThrowableOfType(
                PgBackupException.class, () -> fetcher.fetch(name, target, _ -> {})))
        .orElseThrow(() -> new AssertionError("it succeeded"))
        .problem();
  }

  private FetchedBackup fetch(BackupName name) throws IOException {
    return fetcher().fetch(name, new FetchTarget(folder.resolve("data"), _ -> {}), _ -> {});
  }

  private BackupFetcher fetcher() throws IOException {
    Walg opened =
        Walg.open(archive.config(""), StandIn.versioned(folder, does), folder, Clock.systemUTC());
    walg = opened;
    return opened.fetcher(archive.store(), archive.layout(), new Comparing());
  }

  private void backup(BackupName name, String delta, String lists) {
    put(archive.layout().sentinel(name), "{" + delta + "\"Version\":2}");
    put(archive.layout().filesMetadata(name), lists);
    for (String tar : List.of("part_001", "pg_control", "backup_label")) {
      put(archive.layout().tarPartitions(name).key(tar + ".tar.lz4"), tar);
    }
  }

  private void put(ObjectKey key, String content) {
    archive.store().create(key, content.getBytes(UTF_8), Map.of());
  }

  private void remove(ObjectKey key) throws IOException {
    Files.delete(folder.resolve("store").resolve(key.value()));
  }

  /// Stands for the embedded engine.
  private static final class Comparing implements BackupFetcher {
    @Override
    public FetchedBackup fetch(BackupName name, FetchTarget target, LongConsumer progress) {
      return new FetchedBackup(name, 1, 1, /* matchesManifest= */ true, List.of(), List.of());
    }

    @Override
    public Map<String, String> tablespaceNames(BackupName name) {
      return Map.of();
    }

    @Override
    public Map<String, String> searchTablespaceNames(BackupName name) {
      return Map.of();
    }
  }
}
