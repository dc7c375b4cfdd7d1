package io.pgbackup.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.lineage.PrefixTemplate;
import java.time.Duration;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/// Over random lives of a cluster: transactions, backups, switches, promotions, an old primary that
/// goes on, lost segments.
class WindowPropertyTest {
  @Property(tries = 80)
  void exactlyTheInstantsThatRecoveryReachesAreOffered(@ForAll long seed) {
    ModelArchive archive = new ModelArchive(new Random(seed), Duration.ZERO);
    archive.live(60);

    LineageCatalog catalog = read(archive);

    assertThat(archive.moments())
        .allSatisfy(
            moment ->
                assertThat(catalog.windows().stream().anyMatch(w -> w.contains(moment)))
                    .as("%s in %s", moment, catalog.windows())
                    .isEqualTo(archive.isRestorable(moment)));
  }

  @Property(tries = 80)
  void underTimesThatDoNotAscendNothingIsOfferedInVain(@ForAll long seed) {
    ModelArchive archive = new ModelArchive(new Random(seed), Duration.ofSeconds(20));
    archive.live(60);

    LineageCatalog catalog = read(archive);

    archive
        .moments()
        .filter(moment -> catalog.windows().stream().anyMatch(w -> w.contains(moment)))
        .forEach(
            moment ->
                assertThat(archive.isRestorable(moment))
                    .as("%s in %s", moment, catalog.windows())
                    .isTrue());
  }

  @Property(tries = 80)
  void everyBackupReachesWhatIsSaidOfIt(@ForAll long seed) {
    ModelArchive archive = new ModelArchive(new Random(seed), Duration.ofSeconds(5));
    archive.live(60);

    LineageCatalog catalog = read(archive);

    for (BaseBackup backup : catalog.backups()) {
      archive
          .moments()
          .filter(moment -> !moment.isBefore(backup.finishTime()))
          .filter(
              moment ->
                  catalog.reach().containsKey(backup.name())
                      && moment.isBefore(catalog.reach().get(backup.name())))
          .forEach(
              moment ->
                  assertThat(archive.recovers(backup.name(), moment))
                      .as("%s to %s", backup.name(), moment)
                      .isTrue());
    }
  }

  @Property(tries = 30)
  void windowsAreApartAndAscend(@ForAll long seed) {
    ModelArchive archive = new ModelArchive(new Random(seed), Duration.ofSeconds(20));
    archive.live(100);

    LineageCatalog catalog = read(archive);

    for (int i = 1; i < catalog.windows().size(); i++) {
      assertThat(catalog.windows().get(i).start()).isAfter(catalog.windows().get(i - 1).end());
    }
  }

  private static LineageCatalog read(ModelArchive archive) {
    Catalog catalog = new Catalog(archive.store());
    return catalog.lineages(new PrefixTemplate(ModelArchive.PREFIX.path())).stream()
        .findFirst()
        .map(catalog::read)
        .orElseThrow();
  }
}
