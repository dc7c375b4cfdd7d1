package io.pgbackup.credentials.minio;

import static io.pgbackup.credentials.policy.Role.ARCHIVER;
import static io.pgbackup.credentials.policy.Role.RETENTION;

import io.pgbackup.credentials.policy.Role;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.LifecycleRule;
import software.amazon.awssdk.services.s3.model.ObjectAttributes;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.Tag;

/// What somebody may try with a credential, and who may do it in its own folder; nobody may do any
/// of it anywhere else.
///
/// @param allowed in the credential's own folder
record MatrixOperation(String name, Set<Role> allowed, Attempt attempt) {
  interface Attempt {
    /// @throws S3Exception if it is refused
    void run(Scene scene);
  }

  /// @param client with the credential
  /// @param owner who may do everything, to prepare an attempt
  /// @param own the folder of the credential's cluster
  /// @param place where it is tried: a folder, or empty for the bucket's root
  record Scene(S3Client client, S3Client owner, String bucket, String own, String place) {
    String stored() {
      return place + "u/18/wal_005/stored";
    }

    String ownStored() {
      return own + "u/18/wal_005/stored";
    }

    String planted(String where) {
      return place + "u/18/" + where + "/planted";
    }

    String begun(String key) {
      return owner.createMultipartUpload(upload -> upload.bucket(bucket).key(key)).uploadId();
    }

    void put(String key) {
      client.putObject(put -> put.bucket(bucket).key(key), body());
    }
  }

  private static final Set<Role> NOBODY = Set.of();
  private static final Set<Role> EVERYBODY = Set.of(Role.values());
  private static final Set<Role> WRITER = Set.of(ARCHIVER);
  private static final Set<Role> DELETER = Set.of(RETENTION);

  private static RequestBody body() {
    return RequestBody.fromString("hostile");
  }

  private static MatrixOperation of(String name, Set<Role> allowed, Attempt attempt) {
    return new MatrixOperation(name, allowed, attempt);
  }

  /// What is tried in a folder.
  static List<MatrixOperation> inPlaces() {
    return List.of(
        of(
            "GetObject",
            EVERYBODY,
            s -> s.client().getObjectAsBytes(get -> get.bucket(s.bucket()).key(s.stored()))),
        of(
            "HeadObject",
            EVERYBODY,
            s -> s.client().headObject(head -> head.bucket(s.bucket()).key(s.stored()))),
        of(
            "ListObjects",
            EVERYBODY,
            s -> s.client().listObjects(list -> list.bucket(s.bucket()).prefix(s.place()))),
        of(
            "ListObjectsV2",
            EVERYBODY,
            s -> s.client().listObjectsV2(list -> list.bucket(s.bucket()).prefix(s.place()))),
        of(
            "ListObjectVersions",
            EVERYBODY,
            s -> s.client().listObjectVersions(list -> list.bucket(s.bucket()).prefix(s.place()))),
        of(
            "ListObjectsV2 without the slash",
            NOBODY,
            s ->
                s.client()
                    .listObjectsV2(
                        list -> list.bucket(s.bucket()).prefix(s.place().replaceAll("/$", "")))),
        of("PutObject new", WRITER, s -> s.put(s.planted("wal_005"))),
        of("PutObject over another", WRITER, s -> s.put(s.stored())),
        of(
            "PutObject create-only",
            WRITER,
            s ->
                s.client()
                    .putObject(
                        put ->
                            put.bucket(s.bucket())
                                .key(s.planted("basebackups_005"))
                                .ifNoneMatch("*"),
                        body())),
        of(
            "PutObject of our documents",
            Set.of(ARCHIVER, RETENTION),
            s -> s.put(s.planted("pgbackup/policy"))),
        of("PutObject of a lease", EVERYBODY, s -> s.put(s.planted("pgbackup/leases"))),
        of(
            "PutObject of a lease among data",
            WRITER,
            s -> s.put(s.planted("basebackups_005/base_1/tar_partitions/pgbackup/leases"))),
        of(
            "PutObject into a version",
            NOBODY,
            s ->
                s.client()
                    .putObject(
                        put ->
                            put.bucket(s.bucket())
                                .key(s.stored())
                                .overrideConfiguration(
                                    query -> query.putRawQueryParameter("versionId", "null")),
                        body())),
        of(
            "PutObject unpacked elsewhere",
            NOBODY,
            s ->
                s.client()
                    .putObject(
                        put ->
                            put.bucket(s.bucket())
                                .key(s.own() + "u/18/wal_005/packed.tar")
                                .overrideConfiguration(
                                    headers ->
                                        headers
                                            .putHeader("X-Amz-Meta-Snowball-Auto-Extract", "true")
                                            .putHeader(
                                                "X-Amz-Meta-Minio-Snowball-Prefix",
                                                s.place() + "u/18/wal_005")),
                        RequestBody.fromBytes(tar("planted")))),
        of(
            "multipart upload",
            WRITER,
            s -> {
              String key = s.planted("wal_005");
              String id =
                  s.client()
                      .createMultipartUpload(create -> create.bucket(s.bucket()).key(key))
                      .uploadId();
              complete(s, key, id, part(s, key, id));
            }),
        of(
            "UploadPart into another's upload",
            WRITER,
            s -> {
              String key = s.planted("wal_005");
              part(s, key, s.begun(key));
            }),
        of(
            "CompleteMultipartUpload of another's upload",
            WRITER,
            s -> {
              String key = s.planted("wal_005");
              String id = s.begun(key);
              String tag =
                  s.owner()
                      .uploadPart(
                          part -> part.bucket(s.bucket()).key(key).uploadId(id).partNumber(1),
                          body())
                      .eTag();
              complete(s, key, id, tag);
            }),
        of(
            "ListParts",
            Set.of(ARCHIVER, RETENTION),
            s -> {
              String key = s.planted("wal_005");
              String id = s.begun(key);
              s.client().listParts(list -> list.bucket(s.bucket()).key(key).uploadId(id));
            }),
        of(
            "AbortMultipartUpload",
            Set.of(ARCHIVER, RETENTION),
            s -> {
              String key = s.planted("wal_005");
              String id = s.begun(key);
              s.client()
                  .abortMultipartUpload(abort -> abort.bucket(s.bucket()).key(key).uploadId(id));
            }),
        of(
            "ListMultipartUploads",
            NOBODY,
            s ->
                s.client().listMultipartUploads(list -> list.bucket(s.bucket()).prefix(s.place()))),
        of("CopyObject into it", WRITER, s -> copy(s, s.ownStored(), s.planted("wal_005"))),
        of(
            "CopyObject out of it",
            WRITER,
            s -> copy(s, s.stored(), s.own() + "u/18/wal_005/planted")),
        of(
            "UploadPartCopy out of it",
            WRITER,
            s -> {
              String key = s.own() + "u/18/wal_005/planted";
              String id = s.begun(key);
              s.client()
                  .uploadPartCopy(
                      copy ->
                          copy.sourceBucket(s.bucket())
                              .sourceKey(s.stored())
                              .destinationBucket(s.bucket())
                              .destinationKey(key)
                              .uploadId(id)
                              .partNumber(1));
            }),
        of(
            "GetObjectAttributes",
            NOBODY,
            s ->
                s.client()
                    .getObjectAttributes(
                        get ->
                            get.bucket(s.bucket())
                                .key(s.stored())
                                .objectAttributes(ObjectAttributes.E_TAG))),
        of(
            "GetObjectTagging",
            NOBODY,
            s -> s.client().getObjectTagging(get -> get.bucket(s.bucket()).key(s.stored()))),
        of(
            "PutObjectTagging",
            NOBODY,
            s ->
                s.client()
                    .putObjectTagging(
                        put ->
                            put.bucket(s.bucket())
                                .key(s.stored())
                                .tagging(
                                    tags ->
                                        tags.tagSet(Tag.builder().key("a").value("b").build())))),
        of(
            "DeleteObject",
            DELETER,
            s -> s.client().deleteObject(delete -> delete.bucket(s.bucket()).key(s.stored()))),
        of(
            "DeleteObjects",
            DELETER,
            s -> {
              DeleteObjectsResponse answer =
                  s.client()
                      .deleteObjects(
                          delete ->
                              delete
                                  .bucket(s.bucket())
                                  .delete(
                                      which ->
                                          which.objects(
                                              ObjectIdentifier.builder().key(s.stored()).build())));
              answer.errors().stream()
                  .findFirst()
                  .ifPresent(
                      error -> {
                        // The request itself is answered by 200.
                        throw S3Exception.builder()
                            .statusCode(error.code().equals("AccessDenied") ? 403 : 500)
                            .message(error.code())
                            .build();
                      });
            }));
  }

  /// What is tried on the whole bucket, and refused to everybody.
  static List<MatrixOperation> onTheBucket() {
    return List.of(
        of("ListBuckets", NOBODY, s -> s.client().listBuckets()),
        of("HeadBucket", NOBODY, s -> s.client().headBucket(head -> head.bucket(s.bucket()))),
        of(
            "ListObjectsV2 of the level above",
            NOBODY,
            s ->
                s.client()
                    .listObjectsV2(
                        list -> list.bucket(s.bucket()).prefix("pgbackup/fleet/").delimiter("/"))),
        of(
            "GetBucketLocation",
            NOBODY,
            s -> s.client().getBucketLocation(get -> get.bucket(s.bucket()))),
        of(
            "GetBucketVersioning",
            NOBODY,
            s -> s.client().getBucketVersioning(get -> get.bucket(s.bucket()))),
        of(
            "PutBucketVersioning",
            NOBODY,
            s ->
                s.client()
                    .putBucketVersioning(
                        put ->
                            put.bucket(s.bucket())
                                .versioningConfiguration(it -> it.status("Enabled")))),
        of(
            "GetBucketPolicy",
            NOBODY,
            s -> s.client().getBucketPolicy(get -> get.bucket(s.bucket()))),
        of(
            "PutBucketPolicy",
            NOBODY,
            s ->
                s.client()
                    .putBucketPolicy(
                        put ->
                            put.bucket(s.bucket())
                                .policy("{\"Version\":\"2012-10-17\",\"Statement\":[]}"))),
        of(
            "DeleteBucketPolicy",
            NOBODY,
            s -> s.client().deleteBucketPolicy(delete -> delete.bucket(s.bucket()))),
        of(
            "GetBucketLifecycleConfiguration",
            NOBODY,
            s -> s.client().getBucketLifecycleConfiguration(get -> get.bucket(s.bucket()))),
        of(
            "PutBucketLifecycleConfiguration",
            NOBODY,
            s ->
                s.client()
                    .putBucketLifecycleConfiguration(
                        put ->
                            put.bucket(s.bucket())
                                .lifecycleConfiguration(
                                    rules ->
                                        rules.rules(
                                            List.of(
                                                LifecycleRule.builder()
                                                    .id("all")
                                                    .status("Enabled")
                                                    .filter(filter -> filter.prefix(""))
                                                    .expiration(it -> it.days(1))
                                                    .build()))))),
        of(
            "GetObjectLockConfiguration",
            NOBODY,
            s -> s.client().getObjectLockConfiguration(get -> get.bucket(s.bucket()))),
        of(
            "CreateBucket",
            NOBODY,
            s -> s.client().createBucket(create -> create.bucket(s.bucket() + "-planted"))),
        of(
            "DeleteBucket",
            NOBODY,
            s -> s.client().deleteBucket(delete -> delete.bucket(s.bucket()))));
  }

  private static String part(Scene s, String key, String id) {
    return s.client()
        .uploadPart(part -> part.bucket(s.bucket()).key(key).uploadId(id).partNumber(1), body())
        .eTag();
  }

  private static void complete(Scene s, String key, String id, String tag) {
    s.client()
        .completeMultipartUpload(
            complete ->
                complete
                    .bucket(s.bucket())
                    .key(key)
                    .uploadId(id)
                    .multipartUpload(
                        parts ->
                            parts.parts(CompletedPart.builder().partNumber(1).eTag(tag).build())));
  }

  private static void copy(Scene s, String from, String to) {
    s.client()
        .copyObject(
            copy ->
                copy.sourceBucket(s.bucket())
                    .sourceKey(from)
                    .destinationBucket(s.bucket())
                    .destinationKey(to));
  }

  private static byte[] tar(String name) {
    byte[] content = "hostile".getBytes(StandardCharsets.UTF_8);
    var bytes = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(bytes)) {
      var entry = new TarArchiveEntry(name);
      entry.setSize(content.length);
      tar.putArchiveEntry(entry);
      tar.write(content);
      tar.closeArchiveEntry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  @Override
  public String toString() {
    return name + " " + Arrays.toString(allowed.toArray());
  }
}
