package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pgbackup.catalog.BaseBackup;
import io.pgbackup.engine.format.TablespaceSpec;
import io.pgbackup.engine.format.TablespaceSpec.Tablespace;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.restore.CatalogModel.Span;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TablespaceTargetsTest {
  private static final Path TARGET = Path.of("/srv/new");

  @ParameterizedTest
  @CsvSource({
    "16391=/a, 16402=/b",
    "fast=/a, slow=/b",
    "/mnt/fast=/a, /mnt/sl\\=ow=/b",
    "/mnt/./fast/=/x/../a, 16402=/b"
  })
  void eachIsFoundByItsNumberNameOrOldDirectory(String fast, String slow) {
    assertThat(resolve(fast, slow))
        .isEqualTo(Map.of("16391", Path.of("/a"), "16402", Path.of("/b")));
  }

  @Test
  void thoseWithoutAPlaceAreListedWithOptionsToCopy() {
    Problem problem = refusal("slow=/b");

    assertThat(problem).isInstanceOf(Problem.Refused.class);
    assertThat(problem.message()).endsWith("need a place: 16391 (fast, was /mnt/fast)");
    assertThat(problem.hint())
        .contains(
            "Say where each goes, for example: --tablespace 16391=/srv/new.tablespaces/16391.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"faster=/c", "16400=/c", "/mnt=/c"})
  void whatTheBackupDoesNotHaveIsAUsageError(String mapping) {
    Problem problem = refusal("fast=/a", "slow=/b", mapping);

    assertThat(problem).isInstanceOf(Problem.Misconfigured.class);
    assertThat(problem.hint().orElseThrow()).contains("16391 (fast, was /mnt/fast)", "16402");
  }

  @Test
  void oneCannotHaveTwoPlaces() {
    assertThat(refusal("fast=/a", "16391=/b").message()).contains("given two places");
  }

  @Test
  void aNumberIsTakenOnTrustWhereTheSentinelListsNone() {
    assertThat(
            new TablespaceTargets(plan(Optional.empty()), Map.of())
                .resolve(List.of(TablespaceMapping.parse("16391=/a")), TARGET))
        .isEqualTo(Map.of("16391", Path.of("/a")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "fast", "=/a", "fast=", "fast=a", "fast=/a\nb", "fast=/a\0b", "a\\=/b"})
  void aMappingThatIsNoneIsAUsageError(String text) {
    assertThat(
            catchThrowableOfType(PgBackupException.class, () -> TablespaceMapping.parse(text))
                .problem())
        .isInstanceOf(Problem.Misconfigured.class);
  }

  private static Map<String, Path> resolve(String... mappings) {
    TablespaceSpec spec =
        new TablespaceSpec(
            "/data",
            List.of(
                new Tablespace("16391", "/mnt/fast", "pg_tblspc/16391"),
                new Tablespace("16402", "/mnt/sl=ow", "pg_tblspc/16402")));
    return new TablespaceTargets(plan(Optional.of(spec)), Map.of("16391", "fast", "16402", "slow"))
        .resolve(Arrays.stream(mappings).map(TablespaceMapping::parse).toList(), TARGET);
  }

  private static Problem refusal(String... mappings) {
    return catchThrowableOfType(PgBackupException.class, () -> resolve(mappings)).problem();
  }

  private static RestorePlan plan(Optional<TablespaceSpec> tablespaces) {
    RestorePlan plan =
        new RestorePlanner(ZoneOffset.UTC)
            .plan(
                CatalogModel.CLUSTER,
                List.of(
                    new CatalogModel(9, Set.of(), List.of(new Span(1, 2)), new LineageUid("uid"))
                        .catalog()),
                Optional.empty(),
                new RecoveryTarget.Latest());
    BaseBackup it = plan.backup();
    return new RestorePlan(
        plan.lineage(),
        plan.target(),
        List.of(
            new BaseBackup(
                it.name(),
                it.startLsn(),
                it.finishLsn(),
                it.startTime(),
                it.finishTime(),
                it.serverVersion(),
                it.systemIdentifier(),
                it.uncompressedSize(),
                it.compressedSize(),
                it.permanent(),
                it.delta(),
                it.userData(),
                it.keyFingerprint(),
                tablespaces,
                it.corruptPages())),
        plan.path(),
        plan.segmentSize(),
        plan.wal());
  }
}
