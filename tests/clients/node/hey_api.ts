// Files a request with the client that @hey-api/openapi-ts makes, and reads it again.
import { client } from "./hey-api/client.gen";
import { fileRequest, showRequest } from "./hey-api/sdk.gen";
import type { FileRequest } from "./hey-api/types.gen";

client.setConfig({ baseUrl: process.env.ENTRAIDE!, auth: process.env.TOKEN! });

const request: FileRequest = {
  language: "en",
  title: process.env.TITLE!,
  lines: [
    {
      kind: "mla_training",
      topics: ["mutual_legal_assistance"],
      articles: ["UNTOC:18"],
      institution: "central_authority",
      group_size: 20,
      languages: ["en"],
      modality: "in_person",
      window: { from: "2027-03-01", until: "2027-06-30" },
    },
  ],
  submit: true,
};

async function main(): Promise<void> {
  const filed = await fileRequest({ headers: { "Idempotency-Key": process.env.KEY! }, body: request, throwOnError: true });
  const shown = await showRequest({ path: { request_id: filed.data.request_id }, throwOnError: true });
  const refused = await showRequest({ path: { request_id: process.env.NOWHERE! } });
  console.log(JSON.stringify({ status: shown.data.status, title: shown.data.title, refused: refused.error?.slug }));
}

void main();
