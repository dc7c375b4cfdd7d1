package io.pgbackup.store.file;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.store.ObjectKey;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// User metadata, which files do not have: for an object `<prefix>/wal_005/x` a JSON document
/// `<prefix>/pgbackup/.metadata/wal_005/x.json`. It names the size and time of the object it
/// belongs to and counts only while they fit, since other programs delete objects without it.
///
/// Written after the object and not synced: without it readers compare content.
final class ObjectMetadata {
  private static final Set<String> FOLDERS = Set.of("wal_005", "basebackups_005", "pgbackup");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StoreTree tree;

  ObjectMetadata(StoreTree tree) {
    this.tree = tree;
  }

  /// @param modified of the object, in nanoseconds since 1970
  record Document(long size, long modified, Map<String, String> metadata) {
    Document {
      metadata = Map.copyOf(metadata);
    }
  }

  void write(ObjectKey key, BasicFileAttributes object, Map<String, String> metadata)
      throws IOException {
    if (metadata.isEmpty()) {
      return;
    }
    var document = new Document(object.size(), Version.nanoseconds(object), metadata);
    try (var file = TemporaryFile.beside(path(key), tree)) {
      try (OutputStream stream = file.stream()) {
        stream.write(JSON.writeValueAsBytes(document));
      }
      file.replaceTarget();
    }
  }

  Map<String, String> read(ObjectKey key, BasicFileAttributes object) throws IOException {
    try {
      var document = JSON.readValue(Files.readAllBytes(path(key)), Document.class);
      boolean fits =
          document.size() == object.size() && document.modified() == Version.nanoseconds(object);
      return fits ? document.metadata() : Map.of();
    } catch (NoSuchFileException | JacksonException _) {
      return Map.of();
    }
  }

  void delete(ObjectKey key) throws IOException {
    Path path = path(key);
    if (Files.deleteIfExists(path)) {
      tree.prune(StoreTree.parent(path));
    }
  }

  private Path path(ObjectKey key) {
    List<String> segments = List.of(key.value().split("/"));
    int folder = segments.size() - 2;
    while (folder > 0 && !FOLDERS.contains(segments.get(folder))) {
      folder--;
    }
    int prefix = Math.max(folder, 0);
    String before = String.join("/", segments.subList(0, prefix));
    String after = String.join("/", segments.subList(prefix, segments.size()));
    return tree.below(
        (before.isEmpty() ? "" : before + "/")
            + ("pgbackup/" + HiddenNames.METADATA + "/" + after + ".json"));
  }
}
