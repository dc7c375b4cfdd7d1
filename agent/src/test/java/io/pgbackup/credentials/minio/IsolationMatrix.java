package io.pgbackup.credentials.minio;

import io.pgbackup.config.AccessKeys;
import io.pgbackup.credentials.minio.MatrixOperation.Scene;
import io.pgbackup.credentials.policy.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// Tries every operation with a credential of one cluster, in its own folder and beside it, and
/// looks with the owner's eyes at what became of the bucket: a refusal that changed something is
/// none.
final class IsolationMatrix {
  /// Where an operation is tried.
  enum Place {
    OWN("pgbackup/fleet/c1/"),
    TWIN("pgbackup/fleet/c10/"),
    OTHER("pgbackup/fleet/c2/"),
    ROOT(""),
    BUCKET("");

    private final String path;

    Place(String path) {
      this.path = path;
    }

    String path() {
      return path;
    }
  }

  /// One line of the matrix that is not as it should be.
  record Mismatch(String operation, Role role, Place place, String expected, String got) {
    @Override
    public String toString() {
      return "%-45s %-10s %-7s expected %-8s got %s"
          .formatted(operation, role.word(), place, expected, got);
    }
  }

  private final Fleet fleet;
  private final S3Client owner;
  private final Map<String, String> sound;
  private int tried;

  IsolationMatrix(Fleet fleet, S3Client owner) {
    this.fleet = fleet;
    this.owner = owner;
    seed();
    this.sound = state();
  }

  private void seed() {
    for (Place place : Place.values()) {
      put(place.path() + "u/18/wal_005/stored", "stored in " + place);
    }
    put("pgbackup/fleet/c1x", "no folder");
  }

  private void put(String key, String content) {
    owner.putObject(put -> put.bucket(fleet.bucket()).key(key), RequestBody.fromString(content));
  }

  /// Every object and its digest.
  private Map<String, String> state() {
    Map<String, String> state = new TreeMap<>();
    owner
        .listObjectsV2Paginator(list -> list.bucket(fleet.bucket()))
        .contents()
        .forEach(object -> state.put(object.key(), object.eTag()));
    return state;
  }

  int tried() {
    return tried;
  }

  /// @return what is not as it should be
  List<Mismatch> run(Role role, AccessKeys keys) {
    List<Mismatch> mismatches = new ArrayList<>();
    try (S3Client client = fleet.client(keys)) {
      for (Place place : List.of(Place.OWN, Place.TWIN, Place.OTHER, Place.ROOT)) {
        for (MatrixOperation operation : MatrixOperation.inPlaces()) {
          boolean allowed = place == Place.OWN && operation.allowed().contains(role);
          check(client, operation, role, place, allowed, mismatches);
        }
      }
      for (MatrixOperation operation : MatrixOperation.onTheBucket()) {
        check(client, operation, role, Place.BUCKET, false, mismatches);
      }
    }
    return mismatches;
  }

  private void check(
      S3Client client,
      MatrixOperation operation,
      Role role,
      Place place,
      boolean allowed,
      List<Mismatch> mismatches) {
    tried++;
    String got =
        attempt(
            operation, new Scene(client, owner, fleet.bucket(), Place.OWN.path(), place.path()));
    String expected = allowed ? "ok" : "refused";
    String changed = changes();
    if (!got.equals(expected)) {
      mismatches.add(new Mismatch(operation.name(), role, place, expected, got));
    } else if (!allowed && !changed.isEmpty()) {
      mismatches.add(
          new Mismatch(operation.name(), role, place, "refused", "refused, but " + changed));
    } else if (allowed && changesBeside(changed)) {
      mismatches.add(new Mismatch(operation.name(), role, place, "ok", "ok, but " + changed));
    } else if (allowed && operation.name().startsWith("Delete") && changed.isEmpty()) {
      mismatches.add(new Mismatch(operation.name(), role, place, "ok", "ok, but all is there"));
    }
  }

  private static String attempt(MatrixOperation operation, Scene scene) {
    try {
      operation.attempt().run(scene);
      return "ok";
    } catch (S3Exception e) {
      return e.statusCode() == 403 ? "refused" : e.statusCode() + " " + e.getMessage();
    } catch (SdkException e) {
      return e.toString();
    }
  }

  /// What differs from the sound state, which is then made again.
  private String changes() {
    Map<String, String> now = state();
    if (now.equals(sound)) {
      return "";
    }
    var keys = new TreeSet<>(now.keySet());
    keys.addAll(sound.keySet());
    keys.removeIf(key -> Objects.equals(now.get(key), sound.get(key)));
    for (String key : keys) {
      if (!sound.containsKey(key)) {
        owner.deleteObject(delete -> delete.bucket(fleet.bucket()).key(key));
      }
    }
    seed();
    return "changed " + String.join(", ", keys);
  }

  private static boolean changesBeside(String changed) {
    return !changed.isEmpty()
        && List.of(changed.substring("changed ".length()).split(", ")).stream()
            .anyMatch(key -> !key.startsWith(Place.OWN.path()));
  }
}
