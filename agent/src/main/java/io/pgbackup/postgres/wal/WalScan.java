package io.pgbackup.postgres.wal;

import io.pgbackup.postgres.Lsn;
import java.util.List;

/// What was found in one segment.
///
/// @param transactionEnds those whose records end in this segment, in WAL order
/// @param validEnd first position that holds no valid WAL: the segment's end where it is whole
/// @param whole whether recovery can go on into the next segment
/// @param openTransactionEnd whether the last record, which goes on in the next segment, may end a
///   transaction
/// @param newTablespaces as the transactions' ends
/// @param openNewTablespace whether the last record may make a tablespace
public record WalScan(
    List<TransactionEnd> transactionEnds,
    Lsn validEnd,
    boolean whole,
    boolean openTransactionEnd,
    List<NewTablespace> newTablespaces,
    boolean openNewTablespace) {}
