package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.pgbackup.problem.PgBackupException;
import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CloneNamesTest {
  private static StatefulSet orders(Map<String, String> selector, Map<String, String> others) {
    Map<String, String> labels = new HashMap<>(others);
    labels.putAll(selector);
    return new StatefulSetBuilder()
        .withNewMetadata()
        .withNamespace("shop")
        .withName("orders")
        .withLabels(labels)
        .endMetadata()
        .withNewSpec()
        .withNewSelector()
        .withMatchLabels(selector)
        .endSelector()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(labels)
        .endMetadata()
        .endTemplate()
        .endSpec()
        .build();
  }

  /// Neither takes the other's pods, whatever labels there are; or it is refused.
  @Property
  void theTwoNeverSelectEachOthersPods(
      @ForAll("labels") Map<String, String> selector,
      @ForAll("labels") Map<String, String> others) {
    StatefulSet source = orders(selector, others);
    Map<String, String> theirs = source.getSpec().getTemplate().getMetadata().getLabels();
    CloneNames names = new CloneNames(source, "copy");
    Map<String, String> selectorOfClone;
    try {
      selectorOfClone = names.selector();
    } catch (PgBackupException _) {
      return;
    }

    assertThat(CloneNames.selects(selector, names.podLabels())).isFalse();
    assertThat(CloneNames.selects(selectorOfClone, theirs)).isFalse();
    assertThat(CloneNames.selects(selectorOfClone, names.podLabels())).isTrue();
  }

  @Provide
  static Arbitrary<Map<String, String>> labels() {
    return Arbitraries.maps(
            Arbitraries.of("app", "app.kubernetes.io/instance", "app.kubernetes.io/name", "tier"),
            Arbitraries.of("orders", "copy", "postgres", "db"))
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  @Example
  void namesFollowTheSources() {
    CloneNames names = new CloneNames(orders(Map.of("app", "orders"), Map.of()), "copy");

    assertThat(names.of("orders")).isEqualTo("copy");
    assertThat(names.of("orders-pods")).isEqualTo("copy-pods");
    assertThat(names.of("ordersx")).isEqualTo("copy-ordersx");
    assertThat(names.of("primary")).isEqualTo("copy-primary");
  }
}
