package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Whatever lies in a bucket: no archive is missed, and nothing else is taken for one.
class DiscoveryPropertyTest {
  enum Content {
    WAL_G,
    WAL_ONLY,
    WAL_E,
    OTHER_DATABASES,
    FILES
  }

  @Provide
  Arbitrary<Map<StoreFolder, Content>> trees() {
    Arbitrary<String> segment =
        Arbitraries.of(
            "spilo",
            "pgbackup",
            "backups",
            "wal",
            "orders",
            "u-1",
            "15",
            "9.6",
            "manifests",
            "_x",
            "base_1",
            "logical_backups",
            "0a",
            "basebackups",
            "ä");
    Arbitrary<StoreFolder> folder =
        segment
            .list()
            .ofMaxSize(LineageFinder.DEEPEST)
            .map(path -> StoreFolder.of(String.join("/", path)));
    return Arbitraries.maps(folder, Arbitraries.of(Content.class)).ofMaxSize(12);
  }

  @Property(tries = 300)
  void everyArchiveIsFoundAndNothingElseIs(@ForAll("trees") Map<StoreFolder, Content> drawn) {
    Map<String, Content> tree = new TreeMap<>();
    drawn.forEach((folder, content) -> tree.put(folder.path(), content));
    MemoryObjectStore store = new MemoryObjectStore();
    ForeignLayouts layouts = new ForeignLayouts(store);
    tree.forEach((folder, content) -> fill(layouts, StoreFolder.of(folder), content));

    Discovery found = new Catalog(store).discover(PrefixTemplate.DEFAULT, Optional.empty());

    assertThat(found.lineages().stream().map(lineage -> lineage.prefix().path()))
        .containsExactlyInAnyOrderElementsOf(
            tree.entrySet().stream()
                .filter(entry -> isWalG(entry.getValue()))
                .map(Map.Entry::getKey)
                .filter(folder -> !liesInAnArchivesOwnFolder(folder, tree))
                .collect(Collectors.toList()));
    assertThat(found.unreadable().stream().map(archive -> archive.folder().path()))
        .containsExactlyInAnyOrderElementsOf(
            tree.keySet().stream()
                .filter(folder -> tree.get(folder) == Content.WAL_E)
                .filter(folder -> !liesInAnArchivesOwnFolder(folder, tree))
                .collect(Collectors.toList()));
    assertThat(found.unvisited()).isZero();
  }

  private static boolean isWalG(Content content) {
    return content == Content.WAL_G || content == Content.WAL_ONLY;
  }

  private static boolean liesInAnArchivesOwnFolder(String folder, Map<String, Content> tree) {
    return tree.entrySet().stream()
        .filter(entry -> isWalG(entry.getValue()) || entry.getValue() == Content.WAL_E)
        .filter(entry -> !entry.getKey().isEmpty())
        .anyMatch(entry -> folder.startsWith(entry.getKey() + "pgbackup/"));
  }

  private static void fill(ForeignLayouts layouts, StoreFolder folder, Content content) {
    switch (content) {
      case WAL_G -> layouts.walG(folder);
      case WAL_ONLY -> layouts.put(folder.path() + "wal_005/000000010000000000000002");
      case WAL_E -> layouts.walE(folder);
      case OTHER_DATABASES -> layouts.otherDatabases(folder);
      case FILES -> layouts.put(folder.path() + "readme.txt");
    }
  }

  @Property(tries = 300)
  void everyPathHasAName(@ForAll("paths") String path) {
    // the constructors of ClusterId and LineageUid refuse what is none
    var names =
        new ArchiveNames(PrefixTemplate.DEFAULT, StoreFolder.of("bucket")).of(StoreFolder.of(path));

    assertThat(names.cluster().name()).isNotEmpty();
  }

  @Provide
  Arbitrary<String> paths() {
    Arbitrary<String> segment =
        Combinators.combine(
                Arbitraries.strings().withChars("ab/._- $%ü()").ofMaxLength(5),
                Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(90))
            .as((odd, word) -> (odd + word).replace("/", ""));
    return segment.list().ofMaxSize(6).map(segments -> String.join("/", segments));
  }
}
