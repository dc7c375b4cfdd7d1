package io.pgbackup.lineage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.pgbackup.store.StoreFolder;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixTemplateTest {
  private static final ClusterId ORDERS = new ClusterId("shop", "orders");
  private static final LineageUid UID = new LineageUid("5d6c");

  @Test
  void theDefaultGivesEachLineageItsOwnFolder() {
    assertThat(PrefixTemplate.DEFAULT.expand(ORDERS, UID, 18).path())
        .isEqualTo("pgbackup/shop/orders/5d6c/18/");
    assertThat(PrefixTemplate.DEFAULT.clusterFolder(ORDERS).path())
        .isEqualTo("pgbackup/shop/orders/");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pgbackup/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)",
        "/a/ns-$(NAMESPACE)/$(CLUSTER).d/pg$(PGVERSION)/$(UID)/",
        "$(CLUSTER)/$(UID)"
      })
  void whatWasExpandedMatchesAgain(String text) {
    PrefixTemplate template = new PrefixTemplate(text);

    Optional<PrefixTemplate.Match> match = template.match(template.expand(ORDERS, UID, 15));

    assertThat(match)
        .hasValueSatisfying(
            m -> {
              assertThat(m.cluster()).contains("orders");
              assertThat(m.uid()).contains("5d6c");
            });
  }

  @Property
  void anyNamesComeBackFromTheirFolder(
      @ForAll("names") String namespace,
      @ForAll("names") String cluster,
      @ForAll("names") String uid,
      @ForAll @IntRange(min = 14, max = 99) int major) {
    StoreFolder folder =
        PrefixTemplate.DEFAULT.expand(
            new ClusterId(namespace, cluster), new LineageUid(uid), major);

    assertThat(PrefixTemplate.DEFAULT.match(folder))
        .contains(
            new PrefixTemplate.Match(
                Optional.of(namespace),
                Optional.of(cluster),
                Optional.of(uid),
                Optional.of(major)));
  }

  @Property
  void aLineageLiesInItsClustersFolder(
      @ForAll("names") String namespace, @ForAll("names") String cluster) {
    ClusterId id = new ClusterId(namespace, cluster);

    assertThat(PrefixTemplate.DEFAULT.expand(id, UID, 18).path())
        .startsWith(PrefixTemplate.DEFAULT.clusterFolder(id).path());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pgbackup/shop/orders/5d6c/",
        "pgbackup/shop/orders/5d6c/18/wal_005/",
        "other/shop/orders/5d6c/18/",
        "pgbackup/shop/orders/5d6c/v18/",
        ""
      })
  void otherFoldersAreStrangers(String path) {
    assertThat(PrefixTemplate.DEFAULT.match(new StoreFolder(path))).isEmpty();
  }

  @Test
  void aLiteralFolderIsOneArchive() {
    PrefixTemplate template = new PrefixTemplate("/spilo/demo/wal/15/");

    assertThat(template.isLiteral()).isTrue();
    assertThat(template.expand(ORDERS, UID, 15).path()).isEqualTo("spilo/demo/wal/15/");
    assertThat(template.clusterFolder(ORDERS).path()).isEqualTo("spilo/demo/wal/15/");
    assertThat(template.match(StoreFolder.of("spilo/demo/wal/15"))).isPresent();
  }

  @Test
  void anEmptyPrefixIsTheBucketItself() {
    PrefixTemplate template = new PrefixTemplate("");

    assertThat(template.expand(ORDERS, UID, 15)).isEqualTo(StoreFolder.ROOT);
    assertThat(template.match(StoreFolder.ROOT)).isPresent();
    assertThat(template.folders()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          $(CLUSTER)/$(UUID)                 | $(UUID) is unknown; known are $(NAMESPACE), $(CLUSTER), $(UID), $(PGVERSION)
          $(cluster)/$(UID)                  | $(cluster) is unknown
          backups/$(CLUSTER)/$(PGVERSION)    | has $(CLUSTER) and $(UID)
          $(UID)                             | has $(CLUSTER) and $(UID)
          $(CLUSTER)/$(NAMESPACE)/$(UID)     | $(NAMESPACE) stands before $(CLUSTER)
          $(UID)/$(CLUSTER)                  | stand behind $(CLUSTER)
          $(CLUSTER)-$(UID)                  | at most one variable
          $(CLUSTER)/$(UID)/$(UID)           | more than once
          $CLUSTER/$(CLUSTER)/$(UID)         | begins a variable
          a//$(CLUSTER)/$(UID)               | is not an object key
          a/../$(CLUSTER)/$(UID)             | is not an object key
          """)
  void refusesATemplateThatCannotKeepLineagesApart(String text, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PrefixTemplate(text))
        .withMessageContaining(reason);
  }

  @Provide
  Arbitrary<String> names() {
    Arbitrary<String> ends =
        Arbitraries.strings().withChars("abcXYZ019").ofMinLength(1).ofMaxLength(9);
    return net.jqwik.api.Combinators.combine(
            ends, Arbitraries.strings().withChars("ab.-_7").ofMaxLength(9), ends)
        .as((first, middle, last) -> first + middle + last);
  }
}
