-- Forward nuclear-medicine images to bonescan, but not what bonescan sends back.
function OnStoredInstance(instanceId, tags, metadata, origin)
  if tags['Modality'] == 'NM' and origin['RemoteAet'] ~= 'BONESCAN' then
    SendToModality(instanceId, 'bonescan')
  end
end
