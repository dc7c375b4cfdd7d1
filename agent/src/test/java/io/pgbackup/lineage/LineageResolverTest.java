package io.pgbackup.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.TimelineHistory;
import io.pgbackup.postgres.TimelineHistory.Ancestor;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SyntheticWal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LineageResolverTest {
  private static final ClusterId ORDERS = new ClusterId("shop", "orders");
  private static final SystemIdentifier SYSTEM = SystemIdentifier.parse("7710442175026949048");
  private static final Timeline TWO = new Timeline(2);
  private static final TimelineHistory PROMOTED =
      new TimelineHistory(TWO, List.of(new Ancestor(Timeline.FIRST, Lsn.parse("0/5000100"))));
  private static final TimelineHistory NEW = TimelineHistory.root(Timeline.FIRST);

  private final MemoryObjectStore store = new MemoryObjectStore();
  @TempDir Path folder;
  private IdentityFile file;

  @BeforeEach
  void locateIdentity() {
    file = IdentityFile.beside(folder.resolve("data"));
  }

  @Test
  void aNewServerGetsANewLineage() {
    ProtectedLineage found = resolver().resolve(server(NEW), file);

    assertThat(found.identity().cluster()).isEqualTo(ORDERS);
    assertThat(found.layout().prefix().path())
        .isEqualTo("pgbackup/shop/orders/" + found.identity().uid() + "/18/");
    assertThat(new Claims(store).read(found.layout().prefix())).contains(found.claim());
    assertThat(file.read()).contains(found.identity());
  }

  @Test
  void aRestartFindsTheSameLineage() {
    ProtectedLineage first = resolver().resolve(server(NEW), file);

    assertThat(resolver().resolve(server(PROMOTED), file)).isEqualTo(first);
  }

  /// The agent beside a standby of another place may have a credential that only reads.
  @Test
  void whereAClaimStandsNothingIsWritten() {
    ProtectedLineage first = resolver().resolve(server(NEW), file);
    MemoryObjectStore readOnly =
        new MemoryObjectStore(store) {
          @Override
          public synchronized CreateOutcome create(
              ObjectKey key, byte[] content, Map<String, String> metadata) {
            throw new AssertionError("a write to " + key);
          }
        };

    assertThat(
            new LineageResolver(
                    ORDERS, Optional.empty(), PrefixTemplate.DEFAULT, readOnly, Clock.systemUTC())
                .resolve(server(PROMOTED), file))
        .isEqualTo(first);
  }

  @Test
  void whatACrashLeftUnclaimedIsClaimed() {
    Identity child = new Identity(ORDERS, new LineageUid("kid"), SYSTEM, Optional.of(parent()));
    file.write(child);

    ProtectedLineage found = resolver().resolve(server(PROMOTED), file);

    assertThat(found.identity()).isEqualTo(child);
    assertThat(found.claim().parent()).contains(parent());
  }

  @Test
  void theConfiguredUidIsTaken() {
    assertThat(resolver("chosen").resolve(server(NEW), file).identity().uid())
        .isEqualTo(new LineageUid("chosen"));
  }

  @Test
  void otherDataUnderAnOldIdentityAreRefused() {
    resolver().resolve(server(NEW), file);

    assertRefused(() -> resolver().resolve(server(SystemIdentifier.parse("42"), NEW), file))
        .hasMessageContaining("and the server is of 42");
  }

  @Test
  void anIdentityThatContradictsTheConfigurationIsRefused() {
    resolver("one").resolve(server(NEW), file);

    assertRefused(() -> resolver("two").resolve(server(NEW), file))
        .hasMessageContaining("names UID one, and cluster.uid is two");
    assertRefused(
            () ->
                new LineageResolver(
                        new ClusterId("shop", "other"),
                        Optional.empty(),
                        PrefixTemplate.DEFAULT,
                        store,
                        Clock.systemUTC())
                    .resolve(server(NEW), file))
        .hasMessageContaining("names cluster shop/orders, and the configuration names shop/other");
  }

  @Test
  void aRestoredServerKeepsItsOwnUidUnderTheOldConfiguration() {
    file.write(new Identity(ORDERS, new LineageUid("kid"), SYSTEM, Optional.of(parent())));

    assertThat(resolver("old").resolve(server(PROMOTED), file).identity().uid())
        .isEqualTo(new LineageUid("kid"));
  }

  @Test
  void aLostIdentityIsFoundAgainByTheOneHeadOnItsHistory() {
    // given: the lineage, and one that was restored from it and went its own way
    claim("old", Optional.empty(), "000000010000000000000004");
    claim("kid", Optional.of(parent()), "000000020000000000000006");

    assertThat(resolver().resolve(server(NEW), file).identity().uid())
        .isEqualTo(new LineageUid("old"));
    assertThat(file.read()).map(Identity::uid).contains(new LineageUid("old"));
  }

  @Test
  void aStandbyJoinsTheLineageOfItsPrimary() {
    claim("old", Optional.empty(), "000000010000000000000004");

    assertThat(resolver().resolve(standby(), file).identity().uid())
        .isEqualTo(new LineageUid("old"));
  }

  @Test
  void aStandbyFoundsNoLineage() {
    // not refused, which would end its agent: the primary's may be about to
    assertThatThrownBy(() -> resolver().resolve(standby(), file))
        .satisfies(
            e -> assertThat(((PgBackupException) e).problem()).isInstanceOf(Problem.NotFound.class))
        .hasMessageContaining("the server is a standby, and no lineage of shop/orders");
    assertThat(file.read()).isEmpty();
  }

  @Test
  void severalFittingLineagesAreListedAndNoneIsTaken() {
    claim("one", Optional.empty(), "000000010000000000000003");
    claim("two", Optional.empty(), "000000010000000000000004");

    assertRefused(() -> resolver().resolve(server(NEW), file))
        .hasMessageContaining("2 of the lineages of shop/orders")
        .hasMessageContainingAll("one claimed 2026-08-20T12:00:00Z", "two claimed");
    assertThat(file.read()).isEmpty();
  }

  @Test
  void noUidIsInventedWhileALineageOfThisSystemStands() {
    // given: its head lies behind the server's branch point
    claim("old", Optional.empty(), "000000010000000000000005");

    assertRefused(() -> resolver().resolve(server(PROMOTED), file))
        .hasMessageContaining("none of the lineages of shop/orders");
    assertThat(resolver("fresh").resolve(server(PROMOTED), file).identity().uid())
        .isEqualTo(new LineageUid("fresh"));
  }

  @Test
  void theConfiguredUidChoosesAmongLineages() {
    claim("one", Optional.empty(), "000000010000000000000003");
    claim("two", Optional.of(parent()), "000000020000000000000006");

    Identity found = resolver("two").resolve(server(PROMOTED), file).identity();

    assertThat(found.uid()).isEqualTo(new LineageUid("two"));
    assertThat(found.parent()).contains(parent());
  }

  @Test
  void anotherClustersLineagesAreNoCandidates() {
    claim("old", Optional.empty(), "000000010000000000000004");
    Identity found = resolver().resolve(server(SystemIdentifier.parse("42"), NEW), file).identity();

    assertThat(found.uid()).isNotEqualTo(new LineageUid("old"));
  }

  @Test
  void anArchiveOfWalGsIsClaimedByItsServerOnly() {
    // given
    StoreFolder archive = StoreFolder.of("spilo/demo");
    String sentinel = GoldenArchive.FULL + ArchiveLayout.SENTINEL_SUFFIX;
    store.create(
        new ArchiveLayout(archive).baseBackups().key(sentinel),
        GoldenArchive.bytes("basebackups_005/" + sentinel),
        Map.of());
    LineageResolver literal =
        new LineageResolver(
            ORDERS,
            Optional.empty(),
            new PrefixTemplate("spilo/demo"),
            store,
            Clock.fixed(Instant.parse("2026-08-20T12:00:00Z"), ZoneOffset.UTC));

    assertRefused(() -> literal.resolve(server(SystemIdentifier.parse("42"), NEW), file))
        .hasMessageContaining("holds the archive of system identifier 7710442175026949048");
    assertThat(literal.resolve(server(NEW), file).layout().prefix()).isEqualTo(archive);
  }

  @Test
  void anArchiveThatWentOnWithoutThisServerIsNotClaimed() {
    store.create(
        new ArchiveLayout(StoreFolder.of("a")).wal().key("000000030000000000000009.lz4"),
        new byte[0],
        Map.of());

    assertRefused(
            () ->
                new LineageResolver(
                        ORDERS, Optional.empty(), new PrefixTemplate("a"), store, Clock.systemUTC())
                    .resolve(server(NEW), file))
        .hasMessageContaining("goes on to 000000030000000000000009");
  }

  @Test
  void walAloneSaysWhoseAnArchiveIs() {
    SyntheticWal wal = SyntheticWal.create(WalSegmentSize.DEFAULT);
    wal.commit(Instant.parse("2026-08-20T12:00:00Z"));
    wal.switchSegment();
    WalSegment first = wal.finished().getFirst();
    store.create(
        new ArchiveLayout(StoreFolder.of("a")).wal().key(first.fileName() + ".zst"),
        Codec.ZSTD.compress(wal.content(first)),
        Map.of());

    assertRefused(() -> literal("a").resolve(server(SystemIdentifier.parse("42"), NEW), file))
        .hasMessageContaining("a/ holds the archive of system identifier " + SyntheticWal.SYSTEM);
    assertThat(literal("a").resolve(server(SyntheticWal.SYSTEM, NEW), file).claim().parent())
        .isEmpty();
  }

  @Test
  void afterARestoreTheNextLineageLeavesTheLiteralFolderAlone() {
    // given the agent in an adopted folder, and a restore in place of it
    ProtectedLineage adopted = literal("a").resolve(server(NEW), file);
    Parent branch = new Parent(adopted.identity().uid(), Timeline.FIRST, Lsn.parse("0/5000100"));
    file.write(new Identity(ORDERS, new LineageUid("kid"), SYSTEM, Optional.of(branch)));

    // when the same configuration goes on
    ProtectedLineage next = literal("a").resolve(server(PROMOTED), file);

    // then it has a folder of its own, which is found again without the identity
    assertThat(next.layout().prefix().path()).isEqualTo("pgbackup/shop/orders/kid/18/");
    assertThat(new Claims(store).read(StoreFolder.of("a"))).contains(adopted.claim());
    IdentityFile lost = IdentityFile.beside(folder.resolve("elsewhere"));
    store.create(next.layout().wal().key("000000020000000000000005.lz4"), new byte[0], Map.of());
    store.create(adopted.layout().wal().key("000000010000000000000005.lz4"), new byte[0], Map.of());
    assertThat(literal("a").resolve(server(PROMOTED), lost)).isEqualTo(next);
  }

  @Test
  void aCloneMayHaveALiteralFolderOfItsOwn() {
    file.write(new Identity(ORDERS, new LineageUid("kid"), SYSTEM, Optional.of(parent())));

    assertThat(literal("b").resolve(server(PROMOTED), file).layout().prefix())
        .isEqualTo(StoreFolder.of("b"));
    assertThat(literal("b").resolve(server(PROMOTED), file).layout().prefix())
        .isEqualTo(StoreFolder.of("b"));
  }

  private LineageResolver literal(String prefix) {
    return new LineageResolver(
        ORDERS,
        Optional.empty(),
        new PrefixTemplate(prefix),
        store,
        Clock.fixed(Instant.parse("2026-08-20T12:00:00Z"), ZoneOffset.UTC));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return assertThatThrownBy(call)
        .satisfies(
            e -> assertThat(((PgBackupException) e).problem()).isInstanceOf(Problem.Refused.class));
  }

  private LineageResolver resolver() {
    return resolver(Optional.empty());
  }

  private LineageResolver resolver(String uid) {
    return resolver(Optional.of(new LineageUid(uid)));
  }

  private LineageResolver resolver(Optional<LineageUid> uid) {
    return new LineageResolver(
        ORDERS,
        uid,
        PrefixTemplate.DEFAULT,
        store,
        Clock.fixed(Instant.parse("2026-08-20T12:00:00Z"), ZoneOffset.UTC));
  }

  private static ServerState server(TimelineHistory history) {
    return server(SYSTEM, history);
  }

  private static ServerState server(SystemIdentifier system, TimelineHistory history) {
    return new ServerState(
        system, new ServerVersion(180006), WalSegmentSize.DEFAULT, history, false);
  }

  private static ServerState standby() {
    return new ServerState(SYSTEM, new ServerVersion(180006), WalSegmentSize.DEFAULT, NEW, true);
  }

  private static Parent parent() {
    return new Parent(new LineageUid("old"), Timeline.FIRST, Lsn.parse("0/5000100"));
  }

  private void claim(String uid, Optional<Parent> parent, String head) {
    LineageUid lineage = new LineageUid(uid);
    ArchiveLayout layout = new ArchiveLayout(PrefixTemplate.DEFAULT.expand(ORDERS, lineage, 18));
    new Claims(store)
        .create(
            layout.prefix(),
            new Claim(
                ORDERS,
                lineage,
                SYSTEM,
                new ServerVersion(180006),
                WalSegmentSize.DEFAULT,
                parent,
                Instant.parse("2026-08-20T12:00:00Z")));
    store.create(
        layout.wal().key(head + ".lz4"), "x".getBytes(StandardCharsets.US_ASCII), Map.of());
  }
}
