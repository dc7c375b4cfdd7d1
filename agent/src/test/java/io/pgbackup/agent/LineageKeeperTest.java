package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.agent.Problems.About;
import io.pgbackup.archive.WalDestination;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.Identity;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageResolver;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.lineage.PrefixTemplate;
import io.pgbackup.lineage.ProtectedLineage;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.testing.MemoryObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineageKeeperTest {
  private static final ClusterId CLUSTER = new ClusterId("shop", "orders");
  private static final Problem AWAY = Problem.storageUnavailable("the store is away", "Wait.");

  @TempDir private Path folder;

  private final StoreThatMayBeAway store = new StoreThatMayBeAway();
  private final Problems problems = new Problems(Clock.systemUTC());
  private final CompletableFuture<Problem> fatal = new CompletableFuture<>();
  private Optional<ServerWatch.Seen> server = Servers.primary();
  private Path data;
  private IdentityFile file;
  private LineageKeeper keeper;

  @BeforeEach
  void dataDirectory() throws IOException {
    data = folder.resolve("data");
    Files.createDirectories(data.resolve("pg_wal"));
    file = IdentityFile.beside(data);
    keeper =
        new LineageKeeper(
            data,
            () -> server,
            new LineageResolver(
                CLUSTER, Optional.empty(), PrefixTemplate.DEFAULT, store, Clock.systemUTC()),
            this::session,
            problems,
            fatal);
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
        () -> {
          throw new AssertionError("no catalogue is asked for here");
        });
  }

  private LineageUid uid() {
    return keeper.require().lineage().identity().uid();
  }

  private Identity identity(LineageUid uid) {
    return new Identity(CLUSTER, uid, Servers.IDENTIFIER, Optional.empty());
  }

  @Test
  void findsAndClaimsTheLineageOfARunningServer() {
    keeper.check();

    assertThat(file.read()).map(Identity::uid).contains(uid());
    assertThat(store.folders(StoreFolder.of("pgbackup/shop/orders")))
        .containsExactly(StoreFolder.of("pgbackup/shop/orders/" + uid()));
    assertThat(problems.all()).isEmpty();
    assertThat(fatal).isNotDone();
  }

  @Test
  void waitsForAServerThatWasNeverSeen() {
    server = Optional.empty();

    keeper.check();

    assertThat(keeper.current()).isEmpty();
    assertThat(fatal).isNotDone();
    assertThatThrownBy(() -> keeper.require())
        .isInstanceOfSatisfying(
            PgBackupException.class, e -> assertThat(e.problem().retryMayHelp()).isTrue())
        .hasMessageContaining("PostgreSQL does not answer");

    server = Servers.primary();
    keeper.check();
    assertThat(keeper.current()).isPresent();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void triesAgainAfterLongerAndLongerPausesWhileTheStoreIsAway() {
    store.away = true;

    assertThat(List.of(keeper.check(), keeper.check(), keeper.check()))
        .containsExactly(Duration.ofSeconds(2), Duration.ofSeconds(4), Duration.ofSeconds(8));
    assertThat(problems.about(About.LINEAGE)).contains(AWAY);
    assertThat(fatal).isNotDone();

    store.away = false;
    assertThat(keeper.check()).isEqualTo(Duration.ofSeconds(2));
    assertThat(keeper.current()).isPresent();
  }

  @Test
  void makesTheSessionAnewForTheSameLineageWithoutAskingTheStore() {
    keeper.check();
    LineageSession before = keeper.require();
    store.away = true;

    keeper.renew(false);
    assertThat(keeper.require()).isSameAs(before);
    keeper.check();

    assertThat(keeper.require()).isNotSameAs(before);
    assertThat(uid()).isEqualTo(before.lineage().identity().uid());
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void bringsTheHistoryThatWasLetGoIntoTheArchive() throws IOException {
    keeper.check();
    server = Servers.primary(Servers.IDENTIFIER, new Timeline(2));
    Files.writeString(
        data.resolve("pg_wal/00000002.history"), "1\t0/3000000\tno recovery target specified\n");
    store.away = true;

    keeper.renew(true);
    keeper.check();
    assertThat(problems.about(About.LINEAGE)).contains(AWAY);
    keeper.check();
    assertThat(problems.about(About.LINEAGE)).as("not forgotten").contains(AWAY);

    store.away = false;
    keeper.check();
    keeper.check();
    assertThat(problems.all()).isEmpty();
    assertThat(store.folders(StoreFolder.of("pgbackup/shop/orders/" + uid()))).hasSize(1);
    try (var objects = store.list("pgbackup/shop/orders/" + uid())) {
      assertThat(objects).anyMatch(one -> one.key().value().endsWith("/00000002.history"));
    }
  }

  @Test
  void staysWithItsLineageWhileTheStoreIsAway() {
    keeper.check();
    LineageUid before = uid();
    store.away = true;

    keeper.check();

    assertThat(uid()).isEqualTo(before);
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void followsAnIdentityThatARestorePutThere() {
    keeper.check();
    LineageUid other = LineageUid.random();
    file.write(identity(other));

    keeper.check();

    assertThat(uid()).isEqualTo(other);
  }

  @Test
  void knowsNoLineageUntilTheNewOneIsResolved() {
    keeper.check();
    file.write(identity(LineageUid.random()));
    store.away = true;

    keeper.check();

    assertThat(keeper.current()).isEmpty();
  }

  @Test
  void neverPutsAnIdentityThatVanishedBackWhileItRuns() throws IOException {
    keeper.check();
    LineageUid before = uid();
    Files.delete(file.path());

    keeper.check();

    assertThat(file.path()).doesNotExist();
    assertThat(uid()).isEqualTo(before);
    assertThat(problems.about(About.LINEAGE)).isPresent();

    file.write(identity(before));
    keeper.check();
    assertThat(problems.all()).isEmpty();
  }

  @Test
  void mustNotRunWhereTheFirstSearchIsRefused() {
    file.write(
        new Identity(CLUSTER, LineageUid.random(), new SystemIdentifier(1), Optional.empty()));

    keeper.check();

    assertThat(fatal).isCompletedWithValueMatching(problem -> problem instanceof Problem.Refused);
  }

  @Test
  void aRefusalWhileItRunsIsReportedAndRunsOn() {
    keeper.check();
    file.write(
        new Identity(CLUSTER, LineageUid.random(), new SystemIdentifier(1), Optional.empty()));

    keeper.check();

    assertThat(fatal).isNotDone();
    assertThat(keeper.current()).isEmpty();
    assertThat(problems.about(About.LINEAGE)).get().isInstanceOf(Problem.Refused.class);
  }

  @Test
  void bringsTheTimelinesHistoryIntoAnArchiveThatLacksIt() throws IOException {
    server = Servers.primary(Servers.IDENTIFIER, new Timeline(2));
    Files.writeString(
        data.resolve("pg_wal/00000002.history"), "1\t0/3000000\tno recovery target specified\n");

    keeper.check();

    assertThat(
            store
                .list(keeper.require().lineage().layout().wal().path())
                .map(object -> object.key().name()))
        .containsExactly("00000002.history");
  }

  private static final class StoreThatMayBeAway extends MemoryObjectStore {
    private boolean away;

    @Override
    public synchronized List<StoreFolder> folders(StoreFolder parent) {
      fail();
      return super.folders(parent);
    }

    @Override
    public synchronized Optional<StoredObject> head(ObjectKey key) {
      fail();
      return super.head(key);
    }

    @Override
    public synchronized CreateOutcome create(
        ObjectKey key, byte[] content, Map<String, String> metadata) {
      fail();
      return super.create(key, content, metadata);
    }

    private void fail() {
      if (away) {
        throw AWAY.asException();
      }
    }
  }
}
