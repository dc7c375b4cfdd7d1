package io.pgbackup.agent;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.archive.WalDestination;
import io.pgbackup.catalog.Catalog;
import io.pgbackup.catalog.Lineage;
import io.pgbackup.catalog.LineageCatalog;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageResolver;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.MemoryObjectStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogWatchTest {
  private static final ClusterId CLUSTER = new ClusterId("shop", "orders");
  private static final Instant NOW = Instant.parse("2026-11-21T05:00:00Z");
  private static final Duration INTERVAL = Duration.ofSeconds(20);
  private static final Problem AWAY = Problem.storageUnavailable("the store is away", "Wait.");

  @TempDir private Path folder;

  private final MemoryObjectStore store = new MemoryObjectStore();
  private final AtomicReference<Instant> now = new AtomicReference<>(NOW);
  private final Problems problems = new Problems(now::get);
  private final List<CatalogWatch.Known> heard = new ArrayList<>();
  private Duration takes = Duration.ZERO;
  private boolean away;
  private Optional<ServerWatch.Seen> server = Servers.primary();
  private LineageKeeper lineages;
  private CatalogWatch watch;

  @BeforeEach
  void watching() {
    lineages =
        new LineageKeeper(
            folder.resolve("data"),
            Servers::primary,
            new LineageResolver(
                CLUSTER, Optional.empty(), PrefixTemplate.DEFAULT, store, Clock.systemUTC()),
            this::session,
            problems,
            new CompletableFuture<>());
    watch = new CatalogWatch(lineages, () -> server, INTERVAL, problems, now::get, heard::add);
  }

  private LineageSession session(ProtectedLineage lineage) {
    return new LineageSession(
        lineage,
        new WalDestination(
            (_, _, _) -> {},
            new EmbeddedWalEngine(store, lineage.layout(), Codec.NONE, Optional.empty())),
        (_, _, _) -> {
          throw new AssertionError("no backup is asked for here");
        },
        () -> listing(lineage));
  }

  private LineageCatalog listing(ProtectedLineage lineage) {
    now.updateAndGet(before -> before.plus(takes));
    if (away) {
      throw AWAY.asException();
    }
    return new Catalog(store)
        .read(
            new Lineage(
                CLUSTER,
                lineage.identity().uid(),
                lineage.layout().prefix(),
                Optional.of(lineage.claim())));
  }

  @Test
  void waitsForTheLineage() {
    assertThat(watch.read()).isEqualTo(Duration.ofSeconds(1));
    assertThat(watch.known()).isEmpty();
  }

  /// P80.
  @Test
  void knowsWhatWasListedAndSinceWhen() {
    lineages.check();

    assertThat(watch.read()).isEqualTo(INTERVAL);

    assertThat(watch.known()).map(CatalogWatch.Known::readAt).contains(NOW);
    assertThat(heard).hasSize(1);
  }

  @Test
  void listsLessOftenWhatTakesLongToList() {
    lineages.check();
    takes = Duration.ofSeconds(9);

    assertThat(watch.read()).isEqualTo(INTERVAL);
    assertThat(watch.read()).isEqualTo(INTERVAL);
    assertThat(watch.read()).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void aStoreThatWasSlowOnceIsAskedAgainSoon() {
    lineages.check();
    watch.read();
    watch.read();
    takes = Duration.ofSeconds(60);

    assertThat(watch.read()).isEqualTo(INTERVAL);
  }

  @Test
  void asksAStoreThatIsAwayAgainSoonHoweverLongItsFailureTook() {
    lineages.check();
    watch.read();
    takes = Duration.ofSeconds(60);
    away = true;

    assertThat(watch.read()).isEqualTo(INTERVAL);

    assertThat(problems.about(About.CATALOG)).contains(AWAY);
    assertThat(watch.known()).as("what was known").map(CatalogWatch.Known::readAt).contains(NOW);
    away = false;
    watch.read();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void knowsNothingOfALineageThatIsNoLongerCurrent() {
    lineages.check();
    watch.read();
    IdentityFile.beside(folder.resolve("data"))
        .write(new Identity(CLUSTER, LineageUid.random(), Servers.IDENTIFIER, Optional.empty()));
    lineages.check();

    assertThat(watch.known()).isEmpty();

    watch.read();
    assertThat(watch.known()).isPresent();
  }

  @Test
  void saysThatTheArchiveGoesOnWithoutItsServerUnlessTheServerWasJustPromoted() {
    // given
    lineages.check();
    store.create(
        lineages.require().lineage().layout().wal().key("00000002.history"),
        "1\t0/3000000\tno recovery target\n".getBytes(US_ASCII),
        Map.of());

    // when: a promotion would show at the next look
    watch.read();
    assertThat(problems.all()).isEmpty();
    watch.read();

    // then
    assertThat(problems.about(About.TIMELINE).orElseThrow().message())
        .isEqualTo("the archive goes on to timeline 2, and this server is on timeline 1");
    server = Servers.primary(Servers.IDENTIFIER, new Timeline(2));
    watch.read();
    assertThat(problems.all()).isEmpty();
  }
}
