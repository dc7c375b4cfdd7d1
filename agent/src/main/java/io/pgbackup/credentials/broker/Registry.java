package io.pgbackup.credentials.broker;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.CreateOutcome;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Clusters that were named before anything of theirs lay in the bucket: one small object each,
/// outside of every cluster's folder, created once and never changed. No secret is in it.
final class Registry {
  private static final StoreFolder CLUSTERS = StoreFolder.of("pgbackup-broker/clusters");
  private static final JsonMapper MAPPER = new JsonMapper();

  private final ObjectStore store;
  private final Clock clock;

  Registry(ObjectStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /// @return each one's folder
  Map<ClusterId, StoreFolder> read() {
    Map<ClusterId, StoreFolder> folders = new LinkedHashMap<>();
    List<ObjectKey> keys;
    try (var objects = store.list(CLUSTERS.path())) {
      keys = objects.map(object -> object.key()).toList();
    }
    for (ObjectKey key : keys) {
      JsonNode document = document(key);
      try {
        folders.put(
            new ClusterId(document.path("namespace").asText(), document.path("cluster").asText()),
            StoreFolder.of(document.path("folder").asText()));
      } catch (IllegalArgumentException e) {
        throw damaged(key, e);
      }
    }
    return folders;
  }

  void add(ClusterId cluster, StoreFolder folder) {
    ObjectKey key = CLUSTERS.folder(cluster.namespace()).key(cluster.name() + ".json");
    String document =
        MAPPER
            .createObjectNode()
            .put("namespace", cluster.namespace())
            .put("cluster", cluster.name())
            .put("folder", folder.path())
            .put("bootstrappedAt", clock.instant().toString())
            .toString();
    CreateOutcome outcome =
        store.create(key, (document + "\n").getBytes(StandardCharsets.UTF_8), Map.of());
    boolean other =
        outcome instanceof CreateOutcome.AlreadyThere
            && !document(key).path("folder").asText().equals(folder.path());
    if (other) {
      throw Problem.refused(
              "%s was just registered with another folder than %s".formatted(cluster, folder),
              "Use one storage.prefix in every configuration of this bucket.")
          .asException();
    }
  }

  private JsonNode document(ObjectKey key) {
    try (InputStream content = store.open(key)) {
      JsonNode tree = MAPPER.readTree(content.readAllBytes());
      return tree == null ? MAPPER.createObjectNode() : tree;
    } catch (JacksonException e) {
      throw damaged(key, e);
    } catch (IOException e) {
      throw Problem.storageUnavailable(key + " cannot be read: " + e.getMessage(), "Try again.")
          .causedBy(e);
    }
  }

  private static PgBackupException damaged(ObjectKey key, Exception cause) {
    return Problem.verificationFailed(
            key + " does not say which cluster lies where",
            "Nobody but a broker writes there: look at the object, and who did.")
        .causedBy(cause);
  }
}
