package io.pgbackup.store;

/// A folder in a bucket: empty for the root, otherwise segments that each end in `/`. Always ends
/// in a slash, so that `c1/` never means `c10/` too.
public record StoreFolder(String path) {
  public static final StoreFolder ROOT = new StoreFolder("");

  public StoreFolder {
    if (!path.isEmpty()) {
      if (!path.endsWith("/")) {
        throw new IllegalArgumentException("a folder ends in '/': '" + path + "'");
      }
      var _ = new ObjectKey(path.substring(0, path.length() - 1));
    }
  }

  /// @param path with or without slashes around it; empty is the root
  public static StoreFolder of(String path) {
    String bare = path.replaceAll("^/+|/+$", "");
    return bare.isEmpty() ? ROOT : new StoreFolder(bare + "/");
  }

  public StoreFolder folder(String name) {
    return of(path + name);
  }

  public ObjectKey key(String name) {
    return new ObjectKey(path + name);
  }

  /// The last segment, empty for the root.
  public String name() {
    String bare = path.isEmpty() ? "" : path.substring(0, path.length() - 1);
    return bare.substring(bare.lastIndexOf('/') + 1);
  }

  @Override
  public String toString() {
    return path;
  }
}
