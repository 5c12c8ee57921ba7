/** The XML that the simulated S3 speaks. */

import type { SimulatedObject, SimulatedPage, SimulatedUpload } from './simulated-bucket.ts';

const HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n';

export function errorXml(code: string): string {
  return `${HEADER}<Error><Code>${escaped(code)}</Code><Message>simulated</Message><RequestId>SIMULATED</RequestId></Error>`;
}

export function listXml(bucket: string, query: URLSearchParams, page: SimulatedPage): string {
  const name = query.get('encoding-type') === 'url' ? encoded : escaped;
  const contents = page.objects.map(
    (object) =>
      `<Contents><Key>${name(object.key)}</Key>${facts(object)}<Size>${object.bytes.length}</Size></Contents>`,
  );
  const prefixes = page.prefixes.map(
    (prefix) => `<CommonPrefixes><Prefix>${name(prefix)}</Prefix></CommonPrefixes>`,
  );
  const next =
    page.nextToken === undefined
      ? ''
      : `<NextContinuationToken>${Buffer.from(page.nextToken).toString('base64')}</NextContinuationToken>`;
  const encoding = query.get('encoding-type') === 'url' ? '<EncodingType>url</EncodingType>' : '';
  return (
    `${HEADER}<ListBucketResult><Name>${escaped(bucket)}</Name>${encoding}` +
    `<IsTruncated>${page.nextToken !== undefined}</IsTruncated>${next}` +
    `<KeyCount>${page.objects.length + page.prefixes.length}</KeyCount>${contents.join('')}${prefixes.join('')}</ListBucketResult>`
  );
}

export function uploadsXml(uploads: readonly SimulatedUpload[]): string {
  const items = uploads.map(
    ({ key, uploadId, initiatedMs }) =>
      `<Upload><Key>${escaped(key)}</Key><UploadId>${uploadId}</UploadId>` +
      `<Initiated>${new Date(initiatedMs).toISOString()}</Initiated></Upload>`,
  );
  return `${HEADER}<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${items.join('')}</ListMultipartUploadsResult>`;
}

export function partsXml(upload: SimulatedUpload): string {
  const items = [...upload.parts]
    .sort(([a], [b]) => a - b)
    .map(
      ([partNumber, { bytes, etag }]) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escaped(etag)}</ETag><Size>${bytes.length}</Size></Part>`,
    );
  return `${HEADER}<ListPartsResult><UploadId>${upload.uploadId}</UploadId><IsTruncated>false</IsTruncated>${items.join('')}</ListPartsResult>`;
}

export function initiateXml(key: string, uploadId: string): string {
  return `${HEADER}<InitiateMultipartUploadResult><Key>${escaped(key)}</Key><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`;
}

export function completeXml({ key, etag }: SimulatedObject): string {
  return `${HEADER}<CompleteMultipartUploadResult><Key>${escaped(key)}</Key><ETag>${escaped(etag)}</ETag></CompleteMultipartUploadResult>`;
}

export function copyXml(
  element: 'CopyObjectResult' | 'CopyPartResult',
  etag: string,
  lastModifiedMs: number,
  checksumCrc32?: string,
): string {
  const checksum = checksumCrc32 === undefined ? '' : `<ChecksumCRC32>${checksumCrc32}</ChecksumCRC32>`;
  return (
    `${HEADER}<${element}><LastModified>${new Date(lastModifiedMs).toISOString()}</LastModified>` +
    `<ETag>${escaped(etag)}</ETag>${checksum}</${element}>`
  );
}

/** The parts of a CompleteMultipartUpload request. */
export function wantedParts(xml: string): { partNumber: number; etag: string }[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    partNumber: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/s.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
  }));
}

function facts({ etag, lastModifiedMs }: SimulatedObject): string {
  return `<LastModified>${new Date(lastModifiedMs).toISOString()}</LastModified><ETag>${escaped(etag)}</ETag>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
}

/** S3 encodes names as forms do: a blank is `+`. The slash stays. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}
