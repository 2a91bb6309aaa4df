/** The text of an XMP sidecar as photo programs write it. `rating` is 0 to 5 stars. */
export function sidecarText(takenAt: Date, rating: number): string {
  return `<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/'>
 <rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
  <rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:exif='http://ns.adobe.com/exif/1.0/'>
   <xmp:Rating>${rating}</xmp:Rating>
   <exif:DateTimeOriginal>${takenAt.toISOString()}</exif:DateTimeOriginal>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>
`
}
