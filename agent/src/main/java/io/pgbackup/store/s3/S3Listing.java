package io.pgbackup.store.s3;

import io.pgbackup.store.FolderListing;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/// Listings, page by page. Objects whose names are no keys of ours, such as folder markers, are
/// left out.
final class S3Listing {
  private final S3Bucket bucket;

  S3Listing(S3Bucket bucket) {
    this.bucket = bucket;
  }

  Stream<StoredObject> objects(String prefix) {
    return objects(pages(prefix, null, null));
  }

  Stream<StoredObject> objectsAfter(String prefix, String after) {
    return objects(pages(prefix, null, after));
  }

  Stream<StoredObject> objectsDirectlyIn(StoreFolder parent, String namePrefix) {
    return objects(pages(parent.path() + namePrefix, "/", null));
  }

  private static Stream<StoredObject> objects(Stream<ListObjectsV2Response> pages) {
    return pages
        .flatMap(page -> page.contents().stream())
        .filter(object -> ObjectKey.isKey(object.key()))
        .map(S3Listing::object);
  }

  List<StoreFolder> folders(StoreFolder parent) {
    return folders(parent, Integer.MAX_VALUE).folders();
  }

  FolderListing folders(StoreFolder parent, int most) {
    List<StoreFolder> found = new ArrayList<>();
    int asked = 0;
    boolean complete = false;
    for (var pages = pages(parent.path(), "/", null).limit(most).iterator();
        pages.hasNext();
        asked++) {
      ListObjectsV2Response page = pages.next();
      folders(page).forEach(found::add);
      complete = !Boolean.TRUE.equals(page.isTruncated());
    }
    return new FolderListing(found, asked, complete);
  }

  private static Stream<StoreFolder> folders(ListObjectsV2Response page) {
    return page.commonPrefixes().stream()
        .map(CommonPrefix::prefix)
        .filter(path -> ObjectKey.isKey(path.substring(0, path.length() - 1)))
        .map(StoreFolder::new);
  }

  private Stream<ListObjectsV2Response> pages(
      String prefix, @Nullable String delimiter, @Nullable String after) {
    return Stream.iterate(
        page(prefix, delimiter, after, null),
        page -> page != null,
        page ->
            Boolean.TRUE.equals(page.isTruncated())
                ? page(prefix, delimiter, after, page.nextContinuationToken())
                : null);
  }

  private ListObjectsV2Response page(
      String prefix,
      @Nullable String delimiter,
      @Nullable String after,
      @Nullable String continuation) {
    return bucket.ask(
        "list " + (prefix.isEmpty() ? "objects" : prefix),
        client ->
            client.listObjectsV2(
                request ->
                    request
                        .bucket(bucket.name())
                        .prefix(prefix)
                        .delimiter(delimiter)
                        .startAfter(after)
                        .continuationToken(continuation)));
  }

  private static StoredObject object(S3Object object) {
    return new StoredObject(
        new ObjectKey(object.key()), object.size(), object.lastModified(), object.eTag(), Map.of());
  }
}
