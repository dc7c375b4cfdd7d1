package io.pgbackup.store.file;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoredObject;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;

/// Walks the tree in key order and holds the names of one directory per level. What vanishes
/// meanwhile is left out.
final class FileListing extends Spliterators.AbstractSpliterator<StoredObject> {
  private final StoreTree tree;
  private final Deque<Iterator<String>> levels = new ArrayDeque<>();

  /// @param folder where to begin, empty or ending in `/`
  /// @param namePrefix how the names in that folder begin
  FileListing(StoreTree tree, String folder, String namePrefix) {
    this(tree, entries(tree, folder, namePrefix));
  }

  private FileListing(StoreTree tree, List<String> entries) {
    super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.DISTINCT | Spliterator.NONNULL);
    this.tree = tree;
    levels.push(entries.iterator());
  }

  /// Without what lies in the folders inside.
  static FileListing shallow(StoreTree tree, String folder, String namePrefix) {
    List<String> entries = entries(tree, folder, namePrefix);
    entries.removeIf(entry -> entry.endsWith("/"));
    return new FileListing(tree, entries);
  }

  @Override
  public boolean tryAdvance(Consumer<? super StoredObject> action) {
    while (!levels.isEmpty()) {
      if (!levels.getFirst().hasNext()) {
        levels.pop();
        continue;
      }
      String entry = levels.getFirst().next();
      if (entry.endsWith("/")) {
        levels.push(entries(tree, entry, "").iterator());
        continue;
      }
      Optional<StoredObject> object = object(new ObjectKey(entry));
      if (object.isPresent()) {
        action.accept(object.get());
        return true;
      }
    }
    return false;
  }

  private Optional<StoredObject> object(ObjectKey key) {
    try {
      return StoreTree.attributes(tree.below(key.value()))
          .map(attributes -> FileObjectStore.object(key, attributes, Map.of()));
    } catch (IOException e) {
      throw FileFailures.of("list " + key, e);
    }
  }

  /// Keys of the files in this folder, and its subfolders with a `/` at the end: so they sort as
  /// the keys below them do.
  static List<String> entries(StoreTree tree, String folder, String namePrefix) {
    List<String> entries = new ArrayList<>();
    try (DirectoryStream<Path> directory = Files.newDirectoryStream(tree.below(folder))) {
      for (Path path : directory) {
        String name = String.valueOf(path.getFileName());
        if (!name.startsWith(namePrefix)
            || HiddenNames.contains(name)
            || !ObjectKey.isKey(folder + name)) {
          continue;
        }
        if (Files.isDirectory(path, NOFOLLOW_LINKS)) {
          entries.add(folder + name + "/");
        } else if (Files.isRegularFile(path, NOFOLLOW_LINKS)) {
          entries.add(folder + name);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      return new ArrayList<>();
    } catch (DirectoryIteratorException e) {
      throw FileFailures.of(
          "list " + tree.root().resolve(folder), Objects.requireNonNull(e.getCause()));
    } catch (IOException e) {
      throw FileFailures.of("list " + tree.root().resolve(folder), e);
    }
    entries.sort(ObjectKey.BYTE_ORDER);
    return entries;
  }
}
