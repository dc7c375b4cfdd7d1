package io.pgbackup.kubernetes.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatefulSetCloneTest {
  private static final List<String> TARGET = List.of("--timestamp", "2026-11-21T02:13:37Z");
  private static final CloneOrder COPY = order("copy", "copy-bucket", "orders-reader");
  private static final int MORE_THAN_ALL_CALLS = 200;
  private static final Map<String, String> SELECTOR =
      Map.of("app.kubernetes.io/name", "pgbackup", "app.kubernetes.io/instance", "copy");

  private final MemoryNamespace shop = new MemoryNamespace();
  private final List<String> said = new ArrayList<>();

  private static CloneOrder order(String name, String secret, String sourceSecret) {
    return new CloneOrder(name, TARGET, secret, Optional.of(sourceSecret), List.of(), 1);
  }

  private static CloneOrder withReplicas(int replicas) {
    return new CloneOrder(
        "copy", TARGET, "copy-bucket", Optional.of("orders-reader"), List.of(), replicas);
  }

  private void sourceWithStandbys() {
    shop.change(
        set ->
            set.editMetadata()
                .addToAnnotations("pgbackup.io/standbys", "made-from-primary")
                .endMetadata()
                .editSpec()
                .withReplicas(3)
                .endSpec());
  }

  private StatefulSetClone command() {
    return new StatefulSetClone(shop, MemoryNamespace.ORDERS, _ -> {}, said::add);
  }

  private void make() {
    command().make(COPY);
  }

  private static List<String> namesAfter(MemoryNamespace before) {
    Set<String> names = new TreeSet<>(before.names());
    names.addAll(
        List.of(
            "ConfigMap copy-pgbackup",
            "PersistentVolumeClaim data-copy-0",
            "Service copy",
            "Service copy-pods",
            "ServiceAccount copy",
            "StatefulSet copy"));
    return List.copyOf(names);
  }

  @Test
  void makesAnotherBesideTheSource() {
    make();

    assertThat(shop.names()).containsExactlyElementsOf(namesAfter(new MemoryNamespace()));
    for (Class<? extends HasMetadata> type :
        List.of(StatefulSet.class, ConfigMap.class, ServiceAccount.class, Service.class)) {
      assertThat(shop.get(type, type == ConfigMap.class ? "orders-pgbackup" : "orders"))
          .isEqualTo(
              new MemoryNamespace()
                  .get(type, type == ConfigMap.class ? "orders-pgbackup" : "orders"));
    }
    assertThat(said)
        .contains("  working")
        .last()
        .asString()
        .contains("kubectl -n shop delete statefulset/copy", "pvc/data-copy-0");
    assertThat(shop.podNames()).containsExactly("copy-0");
  }

  @Test
  void hasOneReplicaHoweverManyTheSourceHas() {
    shop.change(set -> set.editSpec().withReplicas(3).endSpec());

    make();

    assertThat(shop.get(StatefulSet.class, "copy").getSpec().getReplicas()).isOne();
    assertThat(said)
        .contains(
            "  makes        StatefulSet shop/copy, one replica (the source has 3), of shop/orders");
  }

  @Test
  void hasStandbysWhereThatIsAskedFor() {
    sourceWithStandbys();

    command().make(withReplicas(3));

    StatefulSet copy = shop.get(StatefulSet.class, "copy");
    assertThat(copy.getSpec().getReplicas()).isEqualTo(3);
    assertThat(copy.getMetadata().getAnnotations())
        .as("a restore in place of the clone has them made anew")
        .containsEntry("pgbackup.io/standbys", "made-from-primary");
    assertThat(said)
        .contains(
            "  makes        StatefulSet shop/copy, 3 replicas, of shop/orders",
            "               the volume claim data-copy-2",
            "  3 of 3 servers are ready")
        .last()
        .asString()
        .contains("pvc/data-copy-0 pvc/data-copy-1 pvc/data-copy-2");
  }

  @Test
  void withStandbysItGoesOnWhereverItWasKilled() {
    int calls = 0;
    boolean killed = true;
    while (killed) {
      var victim = new StatefulSetCloneTest();
      victim.sourceWithStandbys();
      victim.shop.killAfter(calls);
      killed = MemoryCluster.isKilled(() -> victim.command().make(withReplicas(3)));
      victim.shop.killAfter(Integer.MAX_VALUE);
      victim.command().make(withReplicas(3));
      assertThat(victim.shop.get(StatefulSet.class, "copy").getSpec().getReplicas()).isEqualTo(3);
      assertThat(victim.said)
          .as("killed after %d calls", calls)
          .anyMatch(it -> it.contains("3 of 3"));
      assertThat(calls++).isLessThan(MORE_THAN_ALL_CALLS);
    }
  }

  @Test
  void refusesStandbysThatWouldNotComeToBe() {
    assertThatThrownBy(() -> command().make(withReplicas(2)))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining("the clone shall have 2 replicas")
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Refused.class)
        .extracting(problem -> problem.hint().orElseThrow(), InstanceOfAssertFactories.STRING)
        .contains("pgbackup.io/standbys: made-from-primary");
    assertThat(shop.names()).isEqualTo(new MemoryNamespace().names());
  }

  @Test
  void refusesTheVolumeOfAnEarlierStandby() {
    sourceWithStandbys();
    shop.put(
        new PersistentVolumeClaimBuilder()
            .withNewMetadata()
            .withName("data-copy-1")
            .endMetadata()
            .build());

    assertThatThrownBy(() -> command().make(withReplicas(2)))
        .hasMessageContaining("the volume claim data-copy-1 exists");
    make();
    assertThat(shop.get(StatefulSet.class, "copy").getSpec().getReplicas()).isOne();
  }

  @Test
  void anotherNumberOfReplicasIsAnotherClone() {
    sourceWithStandbys();
    make();

    assertThatThrownBy(() -> command().make(withReplicas(3)))
        .hasMessageContaining("is a clone with other options");
  }

  @Test
  void theCloneIsKnownByNothingOfTheSource() {
    make();

    StatefulSet copy = shop.get(StatefulSet.class, "copy");
    assertThat(copy.getMetadata().getLabels())
        .containsEntry("app.kubernetes.io/instance", "copy")
        .containsEntry("app.kubernetes.io/managed-by", "pgbackup")
        .doesNotContainKey("helm.sh/chart");
    assertThat(copy.getMetadata().getAnnotations().keySet())
        .containsExactlyInAnyOrder("pgbackup.io/clone-of", "pgbackup.io/clone");
    assertThat(copy.getMetadata().getUid()).isNull();
    assertThat(copy.getMetadata().getOwnerReferences()).isEmpty();
    assertThat(copy.getMetadata().getManagedFields()).isEmpty();
    assertThat(copy.getSpec().getServiceName()).isEqualTo("copy-pods");
    assertThat(copy.getSpec().getSelector().getMatchLabels()).isEqualTo(SELECTOR);
    assertThat(copy.getSpec().getTemplate().getMetadata().getLabels())
        .containsAllEntriesOf(SELECTOR)
        .containsEntry("team", "shop");
    assertThat(copy.getSpec().getTemplate().getMetadata().getAnnotations())
        .containsOnlyKeys("kubectl.kubernetes.io/default-container");
    assertThat(copy.getSpec().getTemplate().getSpec().getServiceAccountName()).isEqualTo("copy");

    ServiceAccount account = shop.get(ServiceAccount.class, "copy");
    assertThat(account.getMetadata().getAnnotations()).containsOnlyKeys("pgbackup.io/clone-of");
    assertThat(account.getImagePullSecrets()).hasSize(1);
  }

  @Test
  void itsServicesLeadToItAloneAndNotOutOfTheCluster() {
    make();

    Service service = shop.get(Service.class, "copy");
    assertThat(service.getSpec().getSelector()).isEqualTo(SELECTOR);
    assertThat(service.getSpec().getType()).isEqualTo("ClusterIP");
    assertThat(service.getSpec().getClusterIP()).isNull();
    assertThat(service.getSpec().getClusterIPs()).isEmpty();
    assertThat(service.getSpec().getPorts().getFirst().getNodePort()).isNull();
    assertThat(service.getMetadata().getAnnotations()).containsOnlyKeys("pgbackup.io/clone-of");
    Service pods = shop.get(Service.class, "copy-pods");
    assertThat(pods.getSpec().getClusterIP()).isEqualTo("None");
    assertThat(pods.getSpec().getPublishNotReadyAddresses()).isTrue();
  }

  @Test
  void theServiceOfThePrimaryAloneLeadsToTheClone() {
    Service main = shop.get(Service.class, "orders");
    shop.put(
        new ServiceBuilder(main)
            .editSpec()
            .addToSelector("statefulset.kubernetes.io/pod-name", "orders-0")
            .endSpec()
            .build());

    make();

    assertThat(shop.get(Service.class, "copy").getSpec().getSelector())
        .containsAllEntriesOf(SELECTOR)
        .containsEntry("statefulset.kubernetes.io/pod-name", "copy-0");
  }

  @Test
  void itsAgentHasAnotherClusterAnotherFolderAndAnotherCredential() {
    make();

    String config = shop.get(ConfigMap.class, "copy-pgbackup").getData().get("pgbackup.yaml");
    Map<?, ?> file = Serialization.unmarshal(config, Map.class);
    assertThat(file.get("cluster")).isEqualTo(Map.of("name", "copy", "namespace", "shop"));
    // the source's was the folder of one archive
    assertThat(String.valueOf(file.get("storage"))).contains("url=s3:").doesNotContain("prefix");
    // the source's record is its own
    assertThat(file.get("kubernetes")).isEqualTo(Map.of("enabled", true));
    assertThat(secrets(spec("copy")))
        .containsExactlyInAnyOrder("copy-bucket", "orders-reader", "superuser");
    assertThat(volume(spec("copy"), "pgbackup-config").getConfigMap().getName())
        .isEqualTo("copy-pgbackup");
  }

  @Test
  void itsVolumeIsFilledBeforeTheAgentStarts() {
    make();

    PodSpec spec = spec("copy");
    assertThat(spec.getInitContainers())
        .extracting(Container::getName)
        .containsExactly(
            "pgbackup-client",
            "pgbackup-bootstrap-client",
            "pgbackup-bootstrap-postgres",
            "pgbackup-bootstrap",
            "pgbackup-agent");
    Container bootstrap = container(spec, "pgbackup-bootstrap");
    assertThat(bootstrap.getCommand())
        .containsSequence("--config", "/etc/pgbackup/pgbackup.yaml", "bootstrap")
        .containsSequence("--cluster", "orders", "--namespace", "shop")
        .containsSequence("--timestamp", "2026-11-21T02:13:37Z", "--source-read-only")
        .containsSequence("--source-credentials", "/etc/pgbackup-bootstrap-credentials")
        .containsSequence("--password", "postgres=/etc/pgbackup-passwords/shop/superuser/pw");
    assertThat(bootstrap.getRestartPolicy()).isNull();
    // only the containers of the agent's image get at the bucket
    for (String name : List.of("pgbackup-bootstrap-postgres", "postgres")) {
      assertThat(container(spec, name).getVolumeMounts())
          .extracting(mount -> mount.getName())
          .contains("data")
          .doesNotContain("bucket", "pgbackup-bootstrap-credentials");
    }
    assertThat(spec.getVolumes())
        .extracting(Volume::getName)
        .doesNotContain("of-the-bootstrap")
        .doesNotHaveDuplicates();
    assertThat(
            shop.get(StatefulSet.class, "copy")
                .getSpec()
                .getVolumeClaimTemplates()
                .getFirst()
                .getStatus())
        .isNull();
  }

  private PodSpec spec(String set) {
    return shop.get(StatefulSet.class, set).getSpec().getTemplate().getSpec();
  }

  private static Container container(PodSpec spec, String name) {
    return Stream.concat(spec.getInitContainers().stream(), spec.getContainers().stream())
        .filter(container -> container.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Volume volume(PodSpec spec, String name) {
    return spec.getVolumes().stream()
        .filter(volume -> volume.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> secrets(PodSpec spec) {
    return spec.getVolumes().stream()
        .filter(volume -> volume.getSecret() != null)
        .map(volume -> volume.getSecret().getSecretName())
        .toList();
  }

  @Test
  void aPlanLooksIntoTheArchiveAndMakesNothing() {
    Set<String> before = shop.names();

    command().plan(COPY);

    assertThat(shop.names()).isEqualTo(before);
    assertThat(shop.podNames()).isEmpty();
    Pod look = shop.made().getFirst();
    assertThat(look.getSpec().getContainers().getFirst().getCommand())
        .endsWith("--plan", "--elsewhere");
    assertThat(look.getSpec().getInitContainers()).isEmpty();
    assertThat(look.getMetadata().getAnnotations().get("pgbackup.io/config"))
        .contains("copy")
        .doesNotContain("spilo");
    assertThat(volume(look.getSpec(), "pgbackup-config").getProjected().getSources()).hasSize(2);
    assertThat(secrets(look.getSpec()))
        .containsExactly("copy-bucket", "orders-reader", "superuser");
    assertThat(said).anyMatch(line -> line.contains("StatefulSet shop/copy"));
  }

  /// A pod that never starts would say nothing.
  @Test
  void aMissingSecretWithAPasswordIsSaidByThePodThatLooksAndTheOneThatFills() {
    command()
        .make(
            new CloneOrder(
                "copy",
                TARGET,
                "copy-bucket",
                Optional.of("orders-reader"),
                List.of(RoleSecret.parse("orders-app")),
                1));

    PodSpec look = shop.made().getFirst().getSpec();
    PodSpec copy = spec("copy");
    for (PodSpec spec : List.of(look, copy)) {
      assertThat(spec.getVolumes())
          .filteredOn(volume -> volume.getName().startsWith("pgbackup-passwords-"))
          .extracting(Volume::getSecret)
          .allSatisfy(secret -> assertThat(secret.getOptional()).isTrue())
          .extracting(secret -> secret.getSecretName())
          .containsExactly("superuser", "orders-app");
    }
    for (Container container :
        List.of(look.getContainers().getFirst(), container(copy, "pgbackup-bootstrap"))) {
      assertThat(container.getCommand())
          .containsSequence("--password", "postgres=/etc/pgbackup-passwords/shop/superuser/pw")
          .contains("--role-files");
      assertThat(container.getVolumeMounts())
          .extracting(mount -> mount.getMountPath())
          .contains("/etc/pgbackup-passwords/shop/orders-app");
    }
    assertThat(container(copy, "postgres").getVolumeMounts())
        .extracting(mount -> mount.getMountPath())
        .noneMatch(path -> path.startsWith("/etc/pgbackup-passwords"));
    assertRefused(COPY, "is a clone with other options");
  }

  /// Whatever the last thing was that a killed command did, the same command ends what it began.
  @Test
  void goesOnWhereverItWasKilled() {
    int calls = 0;
    boolean killed = true;
    while (killed) {
      var victim = new StatefulSetCloneTest();
      victim.shop.killAfter(calls);
      killed = MemoryCluster.isKilled(victim::make);
      victim.shop.killAfter(Integer.MAX_VALUE);
      victim.make();
      assertThat(victim.shop.names())
          .as("killed after %d calls", calls)
          .containsExactlyElementsOf(namesAfter(new MemoryNamespace()));
      assertThat(victim.shop.podNames()).containsExactly("copy-0");
      assertThat(calls++).isLessThan(MORE_THAN_ALL_CALLS);
    }
  }

  @Test
  void whatTheArchiveSaysNoToIsToldBeforeAnythingIsMade() {
    Set<String> before = shop.names();
    shop.fail(DatabasePod.AGENT, "ERROR: before the recovery window\nHINT: Choose another.\n");

    assertThatThrownBy(this::make)
        .isInstanceOf(PgBackupException.class)
        .hasMessage("before the recovery window");
    assertThat(shop.names()).isEqualTo(before);
    assertThat(shop.podNames()).isEmpty();
  }

  @Test
  void aSecretThatLacksAKeyIsNamed() {
    shop.fail(
        DatabasePod.AGENT, "ERROR: /etc/pgbackup-bootstrap-credentials/access-key-id: missing\n");
    assertThatThrownBy(this::make)
        .hasMessageContaining("the Secret shop/orders-reader is missing or not complete");

    shop.fail(DatabasePod.AGENT, "ERROR: /etc/pgbackup-credentials/access-key-id: missing\n");
    assertThatThrownBy(this::make)
        .hasMessageContaining("the Secret shop/copy-bucket is missing or not complete")
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .satisfies(
            problem ->
                assertThat(problem.hint().orElseThrow())
                    .contains("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "orders-bucket"));
  }

  @Test
  void aVolumeThatCouldNotBeFilledIsTriedAgainAtOnceByTheSameCommand() {
    shop.fail(CloneSet.BOOTSTRAP, "ERROR: the store is away\nHINT: Wait for it.\n");
    assertThatThrownBy(this::make).hasMessage("the store is away");
    assertThat(shop.podNames()).containsExactly("copy-0");

    shop.mend();
    make();
    assertThat(said).last().asString().contains("is ready");
  }

  @Test
  void anotherOrderForTheSameNameIsRefused() {
    make();

    assertRefused(order("copy", "copy-bucket", "other-reader"), "is a clone with other options");
  }

  @Test
  void whatStandsThereAlreadyIsLeftAlone() {
    assertRefused(order("orders", "copy-bucket", "orders-reader"), "the name of its source");

    shop.put(
        new ServiceBuilder()
            .withNewMetadata()
            .withNamespace("shop")
            .withName("copy")
            .endMetadata()
            .withNewSpec()
            .withSelector(Map.of("app", "copy"))
            .endSpec()
            .build());
    assertRefused(COPY, "Service shop/copy exists and was not made by a clone of shop/orders");

    shop.put(
        new PersistentVolumeClaimBuilder()
            .withNewMetadata()
            .withName("data-copy-0")
            .endMetadata()
            .build());
    assertRefused(COPY, "a clone begins with an empty volume");
  }

  @Test
  void theSourcesCredentialIsRefusedWithWhatToDo() {
    assertRefused(order("copy", "orders-bucket", "orders-reader"), "is the source's own");
    assertRefused(order("copy", "copy-bucket", "orders-bucket"), "a clone may only read them");
    assertThatThrownBy(() -> command().plan(order("copy", "orders-bucket", "orders-reader")))
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .satisfies(
            problem ->
                assertThat(problem.hint().orElseThrow())
                    .contains("credentials issue --namespace shop --cluster copy --role archiver"));
  }

  @Test
  void theSourcesCredentialIsRefusedInOtherPlacesToo() {
    shop.change(
        set ->
            set.editSpec()
                .editTemplate()
                .editSpec()
                .editFirstContainer()
                .addNewEnvFrom()
                .withNewSecretRef("orders-bucket", false)
                .endEnvFrom()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec());

    assertRefused(COPY, "use the Secret orders-bucket in more than one place");
  }

  @Test
  void aVolumeThatBothWouldWriteIsRefused() {
    shop.change(
        set ->
            set.editSpec()
                .editTemplate()
                .editSpec()
                .addNewVolume()
                .withName("shared")
                .withNewPersistentVolumeClaim("shared", false)
                .endVolume()
                .editFirstContainer()
                .addNewVolumeMount()
                .withName("shared")
                .withMountPath("/shared")
                .endVolumeMount()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec());

    assertRefused(COPY, "mount the volume claim shared");
  }

  @Test
  void aServiceThatWouldLeadToBothIsRefused() {
    shop.put(
        new ServiceBuilder()
            .withNewMetadata()
            .withName("team")
            .endMetadata()
            .withNewSpec()
            .withSelector(Map.of("team", "shop"))
            .endSpec()
            .build());

    assertRefused(COPY, "the Service team would send its clients to the clone");
  }

  @Test
  void aServiceThatWaitsForSuchPodsIsRefusedToo() {
    shop.put(
        new ServiceBuilder()
            .withNewMetadata()
            .withName("theirs")
            .endMetadata()
            .withNewSpec()
            .withSelector(Map.of("app.kubernetes.io/instance", "copy"))
            .endSpec()
            .build());

    assertRefused(COPY, "the Service theirs would send its clients to the clone");
  }

  @Test
  void anAgentThatSaysInItsEnvironmentWhoseBackupsTheseAreIsRefused() {
    shop.change(
        set ->
            set.editSpec()
                .editTemplate()
                .editSpec()
                .editInitContainer(2)
                .addNewEnv()
                .withName("PGBACKUP_CLUSTER_NAME")
                .withValue("orders")
                .endEnv()
                .endInitContainer()
                .endSpec()
                .endTemplate()
                .endSpec());

    assertRefused(COPY, "PGBACKUP_CLUSTER_NAME");
  }

  @Test
  void aCredentialThatIsNoSecretIsRefused() {
    ConfigMap map = shop.get(ConfigMap.class, "orders-pgbackup");
    map.getData().put("pgbackup.yaml", "cluster: { name: orders }\nstorage: { url: s3://b }\n");

    assertRefused(COPY, "does not come from the files of one Secret");
  }

  @Test
  void namesEachRightThatIsMissing() {
    shop.deny(Right.CLONE);

    assertThatThrownBy(this::make)
        .satisfies(
            failure ->
                assertThat(Right.CLONE)
                    .allSatisfy(
                        right -> assertThat(failure).hasMessageContaining(right.toString())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Copy", "1copy", "copy-", "co.py", "co_py", "", "a/b"})
  void aNameThatKubernetesDoesNotTakeIsAUsageError(String name) {
    assertThatThrownBy(() -> order(name, "copy-bucket", "orders-reader"))
        .extracting("problem")
        .isInstanceOf(Problem.Misconfigured.class);
    assertThatThrownBy(() -> order("x".repeat(53), "copy-bucket", "orders-reader"))
        .hasMessageContaining("cannot be the name of a clone");
    assertThatThrownBy(() -> order("copy", "No Secret", "orders-reader"))
        .hasMessageContaining("is no name of a Secret");
  }

  private void assertRefused(CloneOrder order, String message) {
    Set<String> before = shop.names();
    assertThatThrownBy(() -> command().make(order))
        .isInstanceOf(PgBackupException.class)
        .hasMessageContaining(message)
        .extracting("problem", InstanceOfAssertFactories.type(Problem.class))
        .isInstanceOf(Problem.Refused.class);
    assertThat(shop.names()).isEqualTo(before);
  }
}
